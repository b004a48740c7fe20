-- How much is known: of the ten attributes of every current golden record, of ways to reach it, of sources that know it,
-- and of visitors.
-- Grain: one row
-- Reads: golden_record, identity.person, identity.identifier
with
golden as (
  select * from golden_record where is_current
),
customer as (
  select count(*) as customers,
    count(email) + count(phone) + count(first_name) + count(last_name) + count(birth_on) + count(street)
      + count(postal_code) + count(city) + count(country) + count(has_marketing_consent) as attributes_filled,
    count(coalesce(email, phone)) as reachable
  from golden
),
spread as (
  select customer_id, min(source) <> max(source) as is_in_several from identity_person group by customer_id
),
joined_up as (
  select count(case when is_in_several then 1 end) as in_several_sources from spread
),
visitor as (
  select count(*) as visitors, count(case when is_known then 1 end) as known_visitors
  from identity_identifier
  where identifier_type = 'anonymous_id'
),
completeness as (
  select * from customer cross join joined_up cross join visitor
)
select * from completeness
