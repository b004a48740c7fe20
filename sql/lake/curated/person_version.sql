-- Every version of every person record with its customer, in the order that decides recency: `place` grows, and of
-- versions of one instant the first in order of source and record_id stands last, so that it wins. A version is alone
-- when its customer has no other: nothing to put in order.
-- Grain: one row per version of a person record (source, source_customer_id, updated_at); (customer_id, place) too
-- Reads: clean.customer, identity.person
with
customer as (
  select * from clean_customer
),
person as (
  select source, source_customer_id, customer_id from identity_person
),
version as (
  select p.customer_id, c.*
  from customer c
  join person p on p.source = c.source and p.source_customer_id = c.source_customer_id
),
in_company as (
  select customer_id from version group by customer_id having count(*) > 1
),
alone as (
  select v.*, cast(1 as bigint) as place, true as is_first_of_record, true as is_alone
  from version v
  left join in_company i on i.customer_id = v.customer_id
  where i.customer_id is null
),
ordered as (
  select v.*,
    cast(row_number() over (
      partition by v.customer_id order by v.updated_at, v.source desc, v.record_id desc, v.source_customer_id desc
    ) as bigint) as place,
    lag(v.updated_at) over (partition by v.source, v.source_customer_id order by v.updated_at) is null
      as is_first_of_record,
    false as is_alone
  from version v
  join in_company i on i.customer_id = v.customer_id
),
person_version as (
  select * from alone
  union all
  select * from ordered
)
select * from person_version
