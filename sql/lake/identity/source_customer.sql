-- Every source's customer id that anything names, with its customer. One that no person record stands behind yet, such
-- as a login or a sale that arrives first, is already the customer it will be when its record comes and stands alone.
-- Grain: one row per person_id (source and its customer id); blocked ids have none, unless a person record bears one
-- Reads: person, visitor_login, clean.transaction
with
known as (
  select source, source_customer_id, customer_id from person
),
buyer as (
  select distinct customer_source as source, source_customer_id from clean_transaction
  where customer_source is not null
    and lower(trim(source_customer_id)) not in :blocked_values
    and regexp_extract(lower(trim(source_customer_id)), :blocked_id, 0) = ''
),
login as (
  select distinct :user_id_source as source, user_id as source_customer_id from visitor_login
  where user_id is not null
),
named as (
  select source, source_customer_id from known
  union
  select source, source_customer_id from buyer
  union
  select source, source_customer_id from login
),
source_customer as (
  select concat_ws(':', n.source, n.source_customer_id) as person_id,
    coalesce(
      k.customer_id,
      concat_ws('_', 'c', substring(md5(concat_ws(':', n.source, n.source_customer_id)), 1, 24))
    ) as customer_id,
    k.customer_id is not null as is_known
  from named n
  left join known k on k.source = n.source and k.source_customer_id = n.source_customer_id
)
select * from source_customer
