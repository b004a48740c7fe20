-- Of the customers who first bought in a month, how many buy again one, two, … months later?
-- One row per cohort (month of the first purchase, UTC) and month since then, up to the latest date in the facts,
-- also months in which nobody came back. A refund is no purchase; guests cannot come back.
-- Reads fact_sales, dim_date.
with as_of as (
  select cast(max(transaction_at) as date) as as_of_on from fact_sales
),
purchase as (
  select customer_id, transaction_month as month_on
  from fact_sales
  where customer_id is not null and not is_refund
  group by customer_id, transaction_month
),
first_purchase as (
  select customer_id, min(month_on) as cohort_on from purchase group by customer_id
),
cohort as (
  select cohort_on, count(*) as count_customers from first_purchase group by cohort_on
),
returned as (
  select f.cohort_on, p.month_on, count(*) as count_active
  from purchase p
  join first_purchase f on f.customer_id = p.customer_id
  group by f.cohort_on, p.month_on
),
calendar as (
  select month_on, max(date_on) as last_day_on from dim_date where date_on is not null group by month_on
)
select
  c.cohort_on,
  datediff(month, c.cohort_on, m.month_on) as months_since,
  c.count_customers,
  coalesce(r.count_active, 0) as count_active,
  round(100 * cast(coalesce(r.count_active, 0) as float) / c.count_customers, 1) as retention_percent,
  m.last_day_on <= a.as_of_on as is_complete
from cohort c
cross join as_of a
join calendar m on m.month_on >= c.cohort_on and m.month_on <= a.as_of_on
left join returned r on r.cohort_on = c.cohort_on and r.month_on = m.month_on
order by c.cohort_on, m.month_on;
