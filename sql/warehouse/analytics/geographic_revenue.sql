-- Where do the people live who buy from us, and what does each place bring?
-- One row per country, city and currency. A sale belongs to where the customer lived at the time; guests and
-- customers who never said live in unknown, so that the places add up to all revenue.
-- Reads fact_sales, dim_geography.
with sale as (
  select
    coalesce(g.country, 'unknown') as country,
    g.city,
    s.currency,
    s.customer_id,
    s.transaction_id,
    s.is_refund,
    s.net_cents
  from fact_sales s
  join dim_geography g on g.geography_key = s.geography_key
),
place as (
  select
    country,
    city,
    currency,
    count(distinct customer_id) as count_customers,
    count(distinct case when not is_refund then transaction_id end) as count_orders,
    cast(sum(net_cents) as bigint) as net_cents
  from sale
  group by country, city, currency
),
compared as (
  select
    *,
    cast(sum(net_cents) over (partition by currency, country) as bigint) as country_cents,
    sum(net_cents) over (partition by currency) as total_cents
  from place
)
select
  country,
  city,
  currency,
  count_customers,
  count_orders,
  net_cents,
  cast(round(cast(net_cents as float) / nullif(count_orders, 0)) as bigint) as per_order_cents,
  round(100 * cast(net_cents as float) / nullif(total_cents, 0), 2) as share_percent,
  country_cents,
  round(100 * cast(country_cents as float) / nullif(total_cents, 0), 2) as country_share_percent
from compared
order by currency, country_cents desc, country, net_cents desc, city;
