-- Every version of every person record with its customer, in the order that decides recency: `place` grows, and of
-- versions of one instant the first in order of source and record_id stands last, so that it wins.
-- Grain: one row per version of a person record (source, source_customer_id, updated_at); (customer_id, place) too
-- Reads: clean.customer, identity.person
with
customer as (
  select * from clean_customer
),
person as (
  select source, source_customer_id, customer_id from identity_person
),
person_version as (
  select p.customer_id, c.*,
    row_number() over (
      partition by p.customer_id order by c.updated_at, c.source desc, c.record_id desc, c.source_customer_id desc
    ) as place,
    row_number() over (partition by c.source, c.source_customer_id order by c.updated_at) as version_number
  from customer c
  join person p on p.source = c.source and p.source_customer_id = c.source_customer_id
)
select * from person_version
