-- Orders and refunds as a whole, with the customer who made them; amounts are in minor units, refunds negative.
-- One row per transaction and currency (transaction_id, currency). Guests' transactions have no customer_id.
create view customer_transaction as
select
  s.transaction_id,
  s.currency,
  max(s.customer_id) as customer_id,
  min(s.transaction_at) as transaction_at,
  min(h.channel) as channel,
  max(case when s.is_refund then 1 else 0 end) = 1 as is_refund,
  count(*) as count_lines,
  cast(sum(s.quantity) as bigint) as quantity,
  cast(sum(s.gross_cents) as bigint) as gross_cents,
  cast(sum(s.discount_cents) as bigint) as discount_cents,
  cast(sum(s.tax_cents) as bigint) as tax_cents,
  cast(sum(s.net_cents) as bigint) as net_cents
from public.fact_sales s
join public.dim_channel h on h.channel_key = s.channel_key
group by s.transaction_id, s.currency
with no schema binding;
