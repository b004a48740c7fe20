-- Rows of clean.customer: what sources stated, once per key; of equal keys the smallest record_id wins in any order.
-- Grain: one row per version of a person record (source, source_customer_id, updated_at)
-- Reads: typed_customer (this run's records), clean_customer (the table so far)
with arriving as (
  select
    source, source_customer_id, updated_at,
    record_id,
    email, phone,
    first_name, last_name, birth_on,
    street, postal_code, city, country,
    has_marketing_consent,
    created_at
  from typed_customer
),

stated as (
  select *, true as is_arriving from arriving
  union all
  select *, false as is_arriving from clean_customer
),

ranked as (
  select
    *,
    -- a record that arrives again wins over its own row, so that a replay brings in newer normal forms
    row_number() over (
      partition by source, source_customer_id, updated_at order by record_id, is_arriving desc
    ) as place
  from stated
)

select
  source, source_customer_id, updated_at,
  record_id,
  email, phone,
  first_name, last_name, birth_on,
  street, postal_code, city, country,
  has_marketing_consent,
  created_at
from ranked
where place = 1
