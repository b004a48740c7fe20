-- Rows of clean.product: catalogue entries, once per key; of equal keys the smallest record_id wins in any order.
-- Grain: one row per version of a product (product_id, updated_at)
-- Reads: typed_product (this run's records), clean_product (the table so far)
with arriving as (
  select
    product_id, updated_at,
    record_id, source,
    name, category, brand,
    price_cents, currency,
    is_active,
    created_at
  from typed_product
),

stated as (
  select *, true as is_arriving from arriving
  union all
  select *, false as is_arriving from clean_product
),

ranked as (
  select
    *,
    -- a record that arrives again wins over its own row, so that a replay brings in newer normal forms
    row_number() over (partition by product_id, updated_at order by record_id, is_arriving desc) as place
  from stated
)

select
  product_id, updated_at,
  record_id, source,
  name, category, brand,
  price_cents, currency,
  is_active,
  created_at
from ranked
where place = 1
