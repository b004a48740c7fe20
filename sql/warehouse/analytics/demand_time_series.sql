-- How many pieces of each category were wanted each day, as a series without gaps that a forecast can learn from?
-- One row per category and day (UTC), from the category's first sale to the latest date in the facts; a day without
-- a sale is 0. A refund is no lost demand, so returns stand beside what was sold, on the day they came back.
-- mean_7_days is over the day and up to 6 before; a week and 52 weeks ago are the same weekday.
-- Reads fact_sales, dim_product, dim_date.
with as_of as (
  select cast(max(transaction_at) as date) as as_of_on from fact_sales
),
sold as (
  select
    p.category,
    s.date_key,
    sum(case when s.is_refund then 0 else s.quantity end) as quantity_sold,
    sum(case when s.is_refund then -s.quantity else 0 end) as quantity_returned
  from fact_sales s
  join dim_product p on p.product_key = s.product_key
  group by p.category, s.date_key
),
started as (
  select category, min(date_key) as date_key from sold where quantity_sold > 0 group by category
),
series as (
  select
    t.category,
    d.date_on,
    d.iso_weekday,
    d.is_weekend,
    coalesce(s.quantity_sold, 0) as quantity_sold,
    coalesce(s.quantity_returned, 0) as quantity_returned
  from started t
  cross join as_of a
  join dim_date d on d.date_key >= t.date_key and d.date_on <= a.as_of_on
  left join sold s on s.category = t.category and s.date_key = d.date_key
)
select
  category,
  date_on,
  iso_weekday,
  is_weekend,
  quantity_sold,
  quantity_returned,
  round(
    avg(cast(quantity_sold as float)) over (
      partition by category order by date_on rows between 6 preceding and current row
    ),
    2
  ) as mean_7_days,
  lag(quantity_sold, 7) over (partition by category order by date_on) as quantity_week_ago,
  lag(quantity_sold, 364) over (partition by category order by date_on) as quantity_52_weeks_ago
from series
order by category, date_on;
