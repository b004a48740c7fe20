-- Where each value of the current golden record comes from, why it won and who came second; an attribute nobody ever
-- stated has no row.
-- Grain: one row per customer and attribute (customer_id, attribute)
-- Reads: person_version, attribute, stated_attribute, contest
with
version as (
  select customer_id, place, source, source_customer_id, record_id, updated_at from person_version where not is_alone
),
undisputed as (
  select customer_id, attribute, place from stated_attribute where not is_contested
),
last_contest as (
  select c.*
  from contest c
  join stated_attribute s on s.customer_id = c.customer_id and s.attribute = c.attribute and s.place = c.place
),
of_one as (
  select v.customer_id, a.attribute, v.source, v.source_customer_id, v.record_id, v.updated_at as stated_at
  from person_version v
  cross join attribute a
  where v.is_alone
    and case a.attribute
      when 'email' then v.email is not null
      when 'phone' then v.phone is not null
      when 'first_name' then v.first_name is not null
      when 'last_name' then v.last_name is not null
      when 'birth_on' then v.birth_on is not null
      when 'street' then v.street is not null
      when 'postal_code' then v.postal_code is not null
      when 'city' then v.city is not null
      when 'country' then v.country is not null
      when 'has_marketing_consent' then v.has_marketing_consent is not null
    end
),
uncontested as (
  select * from of_one
  union all
  select u.customer_id, u.attribute, v.source, v.source_customer_id, v.record_id, v.updated_at as stated_at
  from undisputed u
  join version v on v.customer_id = u.customer_id and v.place = u.place
),
golden_record_provenance as (
  select customer_id, attribute, source, source_customer_id, record_id, stated_at, 'only' as rule,
    cast(1 as bigint) as count_values,
    cast(null as string) as runner_up_source,
    cast(null as string) as runner_up_source_customer_id,
    cast(null as string) as runner_up_record_id,
    :survivorship_version as survivorship_version
  from uncontested
  union all
  select c.customer_id, c.attribute, w.source, w.source_customer_id, w.record_id, w.updated_at as stated_at, c.rule,
    c.count_values, r.source as runner_up_source, r.source_customer_id as runner_up_source_customer_id,
    r.record_id as runner_up_record_id, :survivorship_version as survivorship_version
  from last_contest c
  join version w on w.customer_id = c.customer_id and w.place = c.winner_place
  left join version r on r.customer_id = c.customer_id and r.place = c.runner_up_place
)
select * from golden_record_provenance
