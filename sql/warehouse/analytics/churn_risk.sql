-- Which customers should have bought again by now, what are we about to lose, and may we write to them?
-- One row per customer who bought in the last 365 days, and currency. A customer's rhythm is the mean number of days
-- between the days on which they bought; who bought on one day only is held against the median rhythm of all others.
-- Risk is how many of these rhythms have passed since the last one: low up to 1, medium up to 2, high up to 4, lost
-- beyond; unknown while nobody has a rhythm. First come those who can still be won back, by what they spent.
-- Reads fact_sales, dim_customer.
with as_of as (
  select cast(max(transaction_at) as date) as as_of_on from fact_sales
),
purchase_day as (
  select customer_id, cast(transaction_at as date) as bought_on
  from fact_sales
  where customer_id is not null and not is_refund
  group by customer_id, cast(transaction_at as date)
),
rhythm as (
  select
    customer_id,
    count(*) as count_purchase_days,
    max(bought_on) as last_sale_on,
    cast(datediff(day, min(bought_on), max(bought_on)) as float) / nullif(count(*) - 1, 0) as own_days
  from purchase_day
  group by customer_id
),
typical as (
  select median(own_days) as typical_days from rhythm
),
spending as (
  select s.customer_id, s.currency, cast(sum(s.net_cents) as bigint) as last_year_cents
  from fact_sales s
  cross join as_of a
  where s.customer_id is not null and s.transaction_at >= a.as_of_on - 364
  group by s.customer_id, s.currency
),
overdue as (
  select
    r.customer_id,
    s.currency,
    r.count_purchase_days,
    r.last_sale_on,
    datediff(day, r.last_sale_on, a.as_of_on) as days_since_sale,
    coalesce(r.own_days, t.typical_days) as expected_days,
    s.last_year_cents
  from rhythm r
  join spending s on s.customer_id = r.customer_id
  cross join as_of a
  cross join typical t
  where r.last_sale_on >= a.as_of_on - 364
),
judged as (
  select
    *,
    case
      when expected_days is null then 'unknown'
      when days_since_sale <= expected_days then 'low'
      when days_since_sale <= 2 * expected_days then 'medium'
      when days_since_sale <= 4 * expected_days then 'high'
      else 'lost'
    end as risk
  from overdue
)
select
  j.customer_id,
  j.currency,
  j.count_purchase_days,
  j.last_sale_on,
  j.days_since_sale,
  round(j.expected_days, 1) as expected_days,
  round(j.days_since_sale / j.expected_days, 2) as rhythms_passed,
  j.risk,
  j.last_year_cents,
  c.has_marketing_consent
from judged j
left join dim_customer c on c.customer_id = j.customer_id and c.is_current
order by
  case j.risk when 'high' then 1 when 'medium' then 2 when 'lost' then 3 when 'low' then 4 else 5 end,
  j.last_year_cents desc,
  j.customer_id,
  j.currency;
