-- How much did we sell each month, and how did it grow from the month before?
-- One row per month (UTC) and currency, from its first sale to the latest date in the facts, also months without
-- a sale. Refunds reduce the month in which they were made. Growth compares months that the facts cover from the
-- first day to the last; the first and the latest month are often not.
-- Reads fact_sales, dim_date.
with as_of as (
  select
    cast(min(transaction_at) as date) as first_on,
    cast(max(transaction_at) as date) as as_of_on
  from fact_sales
),
sales as (
  select
    d.month_on,
    s.currency,
    count(distinct case when not s.is_refund then s.transaction_id end) as count_orders,
    count(distinct s.customer_id) as count_customers,
    cast(sum(case when s.is_refund then s.net_cents else 0 end) as bigint) as refund_cents,
    cast(sum(s.net_cents) as bigint) as net_cents
  from fact_sales s
  join dim_date d on d.date_key = s.date_key
  group by d.month_on, s.currency
),
started as (
  select currency, min(month_on) as month_on from sales group by currency
),
calendar as (
  select month_on, max(date_on) as last_day_on from dim_date where date_on is not null group by month_on
),
filled as (
  select
    c.month_on,
    t.currency,
    coalesce(s.count_orders, 0) as count_orders,
    coalesce(s.count_customers, 0) as count_customers,
    coalesce(s.refund_cents, 0) as refund_cents,
    coalesce(s.net_cents, 0) as net_cents,
    c.month_on >= a.first_on and c.last_day_on <= a.as_of_on as is_complete
  from started t
  cross join as_of a
  join calendar c on c.month_on >= t.month_on and c.month_on <= a.as_of_on
  left join sales s on s.month_on = c.month_on and s.currency = t.currency
),
compared as (
  select
    *,
    lag(case when is_complete then net_cents end) over (partition by currency order by month_on) as net_cents_before
  from filled
)
select
  month_on,
  currency,
  count_orders,
  count_customers,
  refund_cents,
  net_cents,
  case
    when is_complete and net_cents_before > 0
      then round(100 * cast(net_cents - net_cents_before as float) / net_cents_before, 1)
  end as growth_percent,
  is_complete
from compared
order by month_on, currency;
