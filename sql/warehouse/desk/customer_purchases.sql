-- What has a customer bought and given back?
-- One row per transaction and currency, the latest 100. Parameter: customer_id.
-- Reads fact_sales, dim_channel.
select
  s.transaction_id,
  min(s.transaction_at) as transaction_at,
  min(h.channel) as channel,
  max(case when s.is_refund then 1 else 0 end) = 1 as is_refund,
  count(*) as count_lines,
  cast(sum(s.quantity) as bigint) as quantity,
  cast(sum(s.discount_cents) as bigint) as discount_cents,
  cast(sum(s.net_cents) as bigint) as net_cents,
  s.currency
from fact_sales s
join dim_channel h on h.channel_key = s.channel_key
where s.customer_id = %s
group by s.transaction_id, s.currency
order by transaction_at desc, s.transaction_id
limit 100
