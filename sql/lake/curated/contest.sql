-- Which of several values won after each of them was stated, by which strategy, and who came second. A person record
-- speaks with what it stated last; `rule` is the first strategy that sets the winner apart from the second.
-- Grain: one row per customer, contested attribute and version after which it is weighed (customer_id, attribute, place)
-- Reads: candidate, attribute
with
speaking as (
  select n.customer_id, n.attribute, n.place, s.value, s.trust, s.verified, s.place as said_at
  from candidate n
  join candidate s
    on s.customer_id = n.customer_id and s.attribute = n.attribute
    and s.place <= n.place and coalesce(s.next_place, n.place + 1) > n.place
  where n.is_weighed
),
scored as (
  select customer_id, attribute, place, value,
    count(*) as frequent,
    max(trust) as trusted,
    max(verified) as verified,
    cast(length(value) as bigint) as complete,
    cast(max(said_at) as bigint) as recent
  from speaking
  group by customer_id, attribute, place, value
),
ordered as (
  select s.*, a.first, a.second, a.third, a.fourth, a.fifth,
    case a.first when 'frequent' then frequent when 'trusted' then trusted when 'verified' then verified
      when 'complete' then complete else recent end as by_first,
    case a.second when 'frequent' then frequent when 'trusted' then trusted when 'verified' then verified
      when 'complete' then complete else recent end as by_second,
    case a.third when 'frequent' then frequent when 'trusted' then trusted when 'verified' then verified
      when 'complete' then complete else recent end as by_third,
    case a.fourth when 'frequent' then frequent when 'trusted' then trusted when 'verified' then verified
      when 'complete' then complete else recent end as by_fourth,
    case a.fifth when 'frequent' then frequent when 'trusted' then trusted when 'verified' then verified
      when 'complete' then complete else recent end as by_fifth
  from scored s
  join attribute a on a.attribute = s.attribute
),
ranked as (
  select *,
    row_number() over best_first as preference,
    count(*) over (partition by customer_id, attribute, place) as count_values,
    lead(by_first) over best_first as next_first,
    lead(by_second) over best_first as next_second,
    lead(by_third) over best_first as next_third,
    lead(by_fourth) over best_first as next_fourth,
    lead(recent) over best_first as runner_up_place
  from ordered
  window best_first as (
    partition by customer_id, attribute, place
    order by by_first desc, by_second desc, by_third desc, by_fourth desc, by_fifth desc, recent desc
  )
),
contest as (
  select customer_id, attribute, place, value, recent as winner_place, runner_up_place, count_values,
    case
      when count_values = 1 then 'only'
      when by_first > next_first then first
      when by_second > next_second then second
      when by_third > next_third then third
      when by_fourth > next_fourth then fourth
      else fifth
    end as rule
  from ranked
  where preference = 1
)
select * from contest
