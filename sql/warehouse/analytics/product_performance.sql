-- Which products carry the shop, and which are on their way up or down?
-- One row per product and currency: every product sold in the last 180 days, and every one that can be bought.
-- The last 90 days up to the latest date in the facts against the 90 days before. quadrant: star and earner bring
-- at least the median product's revenue, riser and sleeper less; star and riser grew at least as much as the whole
-- assortment, so a season makes no stars.
-- Reads fact_sales, dim_product.
with as_of as (
  select cast(max(transaction_at) as date) as as_of_on from fact_sales
),
sold as (
  select
    s.product_id,
    s.currency,
    sum(case when s.transaction_at >= a.as_of_on - 89 and not s.is_refund then s.quantity else 0 end) as quantity_sold,
    sum(case when s.transaction_at >= a.as_of_on - 89 and s.is_refund then -s.quantity else 0 end)
      as quantity_returned,
    cast(sum(case when s.transaction_at >= a.as_of_on - 89 then s.net_cents else 0 end) as bigint) as net_cents,
    cast(sum(case when s.transaction_at < a.as_of_on - 89 then s.net_cents else 0 end) as bigint) as net_cents_before
  from fact_sales s
  cross join as_of a
  where s.transaction_at >= a.as_of_on - 179
  group by s.product_id, s.currency
),
product as (
  select product_id, name, category, currency, is_active from dim_product where is_current and product_key <> -1
),
measured as (
  select
    coalesce(s.product_id, p.product_id) as product_id,
    coalesce(p.name, 'unknown') as name,
    coalesce(p.category, 'unknown') as category,
    coalesce(s.currency, p.currency) as currency,
    coalesce(s.quantity_sold, 0) as quantity_sold,
    coalesce(s.quantity_returned, 0) as quantity_returned,
    coalesce(s.net_cents, 0) as net_cents,
    coalesce(s.net_cents_before, 0) as net_cents_before
  from product p
  full join sold s on s.product_id = p.product_id
  where p.is_active or s.product_id is not null
),
assortment as (
  select
    currency,
    median(net_cents) as median_cents,
    cast(sum(net_cents) as float) as total_cents,
    cast(sum(net_cents_before) as float) as total_cents_before
  from measured
  group by currency
),
judged as (
  select
    m.*,
    m.net_cents > 0 and m.net_cents >= t.median_cents as is_large,
    m.net_cents > 0 and m.net_cents * t.total_cents_before >= m.net_cents_before * t.total_cents as is_growing,
    t.total_cents
  from measured m
  join assortment t on t.currency = m.currency
)
select
  product_id,
  name,
  category,
  currency,
  quantity_sold,
  round(100 * cast(quantity_returned as float) / nullif(quantity_sold, 0), 1) as return_percent,
  net_cents,
  net_cents_before,
  case
    when net_cents_before > 0 then round(100 * cast(net_cents - net_cents_before as float) / net_cents_before, 1)
  end as growth_percent,
  round(100 * cast(net_cents as float) / nullif(total_cents, 0), 2) as share_percent,
  case
    when is_large and is_growing then 'star'
    when is_large then 'earner'
    when is_growing then 'riser'
    else 'sleeper'
  end as quadrant
from judged
order by currency, net_cents desc, product_id;
