-- Transaction lines as their source last stated them, refunds negative, so that everything adds up.
-- Grain: one row per transaction line (transaction_id, line_number)
-- Reads: clean.transaction
with
stated as (
  select * from clean_transaction
),
ranked as (
  select *,
    row_number() over (partition by transaction_id, line_number order by updated_at desc, record_id) as recency,
    case when transaction_type = 'refund' then -1 else 1 end as direction
  from stated
),
signed as (
  select *,
    direction * quantity as signed_quantity,
    cast(direction * quantity as decimal(10, 0)) * cast(unit_price_cents as decimal(19, 0)) as exact_gross,
    direction * discount_cents as signed_discount,
    direction * tax_cents as signed_tax
  from ranked
  where recency = 1
),
sales_line as (
  select transaction_id, line_number, transaction_at, transaction_month, customer_source, source_customer_id,
    product_id, channel, coupon_code, currency, transaction_type = 'refund' as is_refund,
    signed_quantity as quantity,
    -- A product of two allowed numbers may be more than a bigint holds: null then, for the gate to find.
    try_cast(exact_gross as bigint) as gross_cents,
    signed_discount as discount_cents,
    signed_tax as tax_cents,
    try_cast(exact_gross - cast(signed_discount as decimal(19, 0)) as bigint) as net_cents
  from signed
)
select * from sales_line
