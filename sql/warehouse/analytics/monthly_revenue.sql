-- How much did we sell each month, and how did it grow from the month before?
-- One row per month and currency; refunds reduce the month in which they were made.
-- Reads fact_sales, dim_date.
with sales as (
  select
    d.month_on,
    s.currency,
    count(distinct s.transaction_id) as count_transactions,
    count(distinct s.customer_id) as count_customers,
    sum(s.net_cents) as net_cents
  from fact_sales s
  join dim_date d on d.date_key = s.date_key
  group by d.month_on, s.currency
),
compared as (
  select
    *,
    lag(net_cents) over (partition by currency order by month_on) as net_cents_before
  from sales
)
select
  month_on,
  currency,
  count_transactions,
  count_customers,
  net_cents,
  round(100.0 * (net_cents - net_cents_before) / nullif(net_cents_before, 0), 1) as growth_percent
from compared
order by month_on, currency;
