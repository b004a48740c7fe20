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

repeated as (
  select transaction_id, line_number, updated_at
  from (
    select transaction_id, line_number, updated_at from typed_transaction
    union all
    select transaction_id, line_number, updated_at from clean_transaction
  ) named
  group by transaction_id, line_number, updated_at
  having count(*) > 1
),

-- only keys that repeat are ranked: a window over all lines would hold every column of theirs in memory
ranked as (
  select
    s.*,
    -- a record that arrives again wins over its own row, so that a replay brings in newer normal forms
    row_number() over (
      partition by s.transaction_id, s.line_number, s.updated_at order by s.record_id, s.is_arriving desc
    ) as place
  from stated s
  join repeated r
    on r.transaction_id = s.transaction_id and r.line_number = s.line_number and r.updated_at = s.updated_at
  union all
  select s.*, cast(1 as bigint) as place
  from stated s
  left join repeated r
    on r.transaction_id = s.transaction_id and r.line_number = s.line_number and r.updated_at = s.updated_at
  where r.transaction_id is null
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
