-- Rows of clean.transaction: lines as stated, once per key; of equal keys the smallest record_id wins in any order.
-- Grain: one row per version of a transaction line (transaction_id, line_number, updated_at)
-- Reads: typed_transaction (this run's records), clean_transaction (the table so far)
with arriving as (
  select
    transaction_id, line_number, updated_at,
    record_id, source,
    transaction_type, transaction_at,
    customer_source, source_customer_id,
    product_id,
    quantity, unit_price_cents, discount_cents, tax_cents, currency,
    channel,
    cast(date_trunc('month', transaction_at) as date) as transaction_month,
    coupon_code
  from typed_transaction
),

stated as (
  select *, true as is_arriving from arriving
  union all
  select *, false as is_arriving from clean_transaction
),

ranked as (
  select
    *,
    -- a record that arrives again wins over its own row, so that a replay brings in newer normal forms
    row_number() over (
      partition by transaction_id, line_number, updated_at order by record_id, is_arriving desc
    ) as place
  from stated
)

select
  transaction_id, line_number, updated_at,
  record_id, source,
  transaction_type, transaction_at,
  customer_source, source_customer_id,
  product_id,
  quantity, unit_price_cents, discount_cents, tax_cents, currency,
  channel,
  transaction_month,
  coupon_code
from ranked
where place = 1
