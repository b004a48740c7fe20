-- The ten questions as one would write them for DuckDB itself; `as_of` is the latest day of the facts.
-- customer_lifetime_value
with customer as (
  select customer_id, currency, min(transaction_at) filter (not is_refund)::date as first_sale_on,
    max(transaction_at) filter (not is_refund)::date as last_sale_on,
    count(distinct transaction_id) filter (not is_refund) as count_orders,
    sum(net_cents) filter (not is_refund) as sales_cents, sum(net_cents) filter (is_refund) as refund_cents,
    sum(net_cents) as lifetime_cents
  from fact_sales where customer_id is not null group by all
)
select customer_id, currency, first_sale_on, last_sale_on, count_orders, coalesce(refund_cents, 0)::bigint,
  lifetime_cents::bigint, round(sales_cents / nullif(count_orders, 0))::bigint as average_order_cents,
  round(lifetime_cents / (datediff('month', first_sale_on, getvariable('as_of')) + 1))::bigint as monthly_cents,
  round(100 * lifetime_cents / nullif(sum(lifetime_cents) over (partition by currency), 0), 2) as share_percent,
  rank() over w as value_rank,
  case when lifetime_cents <= 0 then 'none' when (rank() over w - 1) * 5 < count(*) over (partition by currency) then 'high'
    when (rank() over w - 1) * 2 < count(*) over (partition by currency) then 'middle' else 'low' end as segment
from customer window w as (partition by currency order by lifetime_cents desc)
order by currency, value_rank, customer_id;
-- monthly_revenue
with sales as (
  select transaction_month as month_on, currency, count(distinct transaction_id) filter (not is_refund) as count_orders,
    count(distinct customer_id) as count_customers, sum(net_cents) filter (is_refund) as refund_cents,
    sum(net_cents) as net_cents
  from fact_sales group by all
), month as (
  select currency, unnest(generate_series(min(month_on), getvariable('as_of'), interval 1 month))::date as month_on
  from sales group by currency
), filled as (
  select m.*, s.* exclude (month_on, currency),
    last_day(m.month_on) <= getvariable('as_of') and m.month_on >= getvariable('first_on') as is_complete
  from month m left join sales s using (month_on, currency)
)
select month_on, currency, coalesce(count_orders, 0), coalesce(count_customers, 0), coalesce(refund_cents, 0)::bigint,
  coalesce(net_cents, 0)::bigint, case when is_complete then round(100 * (net_cents / nullif(lag(case when is_complete
    then net_cents end) over (partition by currency order by month_on), 0) - 1), 1) end as growth_percent, is_complete
from filled order by month_on, currency;
-- cohort_retention
with purchase as (
  select distinct customer_id, transaction_month as month_on from fact_sales where customer_id is not null and not is_refund
), cohort as (
  select *, min(month_on) over (partition by customer_id) as cohort_on from purchase
), returned as (
  select cohort_on, month_on, count(*) as count_active from cohort group by all
), month as (
  select cohort_on, count_active as count_customers,
    unnest(generate_series(cohort_on, getvariable('as_of'), interval 1 month))::date as month_on
  from returned where cohort_on = month_on
)
select cohort_on, datediff('month', cohort_on, month_on) as months_since, count_customers,
  coalesce(count_active, 0), round(100 * coalesce(count_active, 0) / count_customers, 1) as retention_percent,
  last_day(month_on) <= getvariable('as_of') as is_complete
from month left join returned using (cohort_on, month_on)
order by cohort_on, month_on;
-- product_performance
with sold as (
  select product_id, currency,
    coalesce(sum(quantity) filter (transaction_at >= getvariable('as_of') - 89 and not is_refund), 0) as sold,
    coalesce(-sum(quantity) filter (transaction_at >= getvariable('as_of') - 89 and is_refund), 0) as returned,
    coalesce(sum(net_cents) filter (transaction_at >= getvariable('as_of') - 89), 0) as net_cents,
    coalesce(sum(net_cents) filter (transaction_at < getvariable('as_of') - 89), 0) as before_cents
  from fact_sales where transaction_at >= getvariable('as_of') - 179 group by all
), measured as (
  select coalesce(s.product_id, p.product_id) as product_id, coalesce(p.name, 'unknown') as name,
    coalesce(p.category, 'unknown') as category, coalesce(s.currency, p.currency) as currency, coalesce(sold, 0) as sold,
    coalesce(returned, 0) as returned, coalesce(net_cents, 0) as net_cents, coalesce(before_cents, 0) as before_cents
  from (from dim_product where is_current and product_key <> -1) p full join sold s using (product_id)
  where p.is_active or s.product_id is not null
), judged as (
  select *, net_cents > 0 and net_cents >= median(net_cents) over c as is_large, sum(net_cents) over c as total_cents,
    net_cents > 0 and net_cents * sum(before_cents) over c >= before_cents * sum(net_cents) over c as is_growing
  from measured window c as (partition by currency)
)
select product_id, name, category, currency, sold::bigint, round(100 * returned / nullif(sold, 0), 1), net_cents::bigint,
  before_cents::bigint, round(100 * (net_cents / nullif(before_cents, 0) - 1), 1) as growth_percent,
  round(100 * net_cents / nullif(total_cents, 0), 2) as share_percent,
  case when is_large and is_growing then 'star' when is_large then 'earner' when is_growing then 'riser' else 'sleeper' end
from judged order by currency, net_cents desc, product_id;
-- churn_risk
with rhythm as (
  select customer_id, count(distinct transaction_at::date) as days, max(transaction_at)::date as last_sale_on,
    (last_sale_on - min(transaction_at)::date) / nullif(days - 1, 0) as own_days
  from fact_sales where customer_id is not null and not is_refund group by all
), typical as (select median(own_days) as typical_days from rhythm
), spending as (
  select customer_id, currency, sum(net_cents)::bigint as last_year_cents from fact_sales
  where customer_id is not null and transaction_at >= getvariable('as_of') - 364 group by all
), judged as (
  select customer_id, currency, days, last_sale_on, getvariable('as_of') - last_sale_on as since,
    coalesce(own_days, typical_days) as expected, last_year_cents,
    case when expected is null then 'unknown' when since <= expected then 'low' when since <= 2 * expected then 'medium'
      when since <= 4 * expected then 'high' else 'lost' end as risk
  from rhythm join spending using (customer_id), typical where last_sale_on >= getvariable('as_of') - 364
)
select j.customer_id, j.currency, days, last_sale_on, since, round(expected, 1), round(since / expected, 2), risk,
  last_year_cents, has_marketing_consent
from judged j left join dim_customer c on c.customer_id = j.customer_id and is_current
order by list_position(['high', 'medium', 'lost', 'low', 'unknown'], risk), last_year_cents desc, 1, 2;
-- conversion_funnel
with visit as (
  select session_id, any_value(channel_key) filter (session_event_number = 1 and anonymous_id is not null) as channel_key,
    list({'n': session_event_number, 'e': event_name} order by session_event_number)
      filter (event_name in ('Product Viewed', 'Product Added', 'Checkout Started', 'Order Completed')) as steps
  from fact_clickstream group by session_id having channel_key is not null
), reached as (
  select channel_key, coalesce(list_reduce(list_prepend(0, list_transform(steps, lambda s:
      list_position(['Product Viewed', 'Product Added', 'Checkout Started', 'Order Completed'], s.e))),
    lambda reached, s: case when s = reached + 1 then s else reached end), 0) as reached
  from visit
), counted as (
  select channel_key, count(*) as visits, count(*) filter (reached >= 1) as viewed, count(*) filter (reached >= 2) as added,
    count(*) filter (reached >= 3) as checkout, count(*) filter (reached >= 4) as ordered from reached group by all
), step as (
  select channel, visits, unnest([1, 2, 3, 4, 5]) as step_number,
    unnest(['Visit', 'Product Viewed', 'Product Added', 'Checkout Started', 'Order Completed']) as step,
    unnest([visits, viewed, added, checkout, ordered]) as sessions
  from counted join dim_channel using (channel_key)
)
select channel, step_number, step, sessions, round(100 * sessions / visits, 1),
  round(100 * sessions / nullif(lag(sessions) over (partition by channel order by step_number), 0), 1)
from step order by channel, step_number;
-- rfm_segmentation
with buyer as (
  select customer_id, currency, max(transaction_at) filter (not is_refund)::date as last_sale_on,
    count(distinct transaction_id) filter (not is_refund) as orders, sum(net_cents)::bigint as net_cents
  from fact_sales where customer_id is not null group by all having orders > 0
), scored as (
  select *, 1 + 5 * (rank() over (partition by currency order by last_sale_on) - 1) // n as r,
    1 + 5 * (rank() over (partition by currency order by orders) - 1) // n as f,
    1 + 5 * (rank() over (partition by currency order by net_cents) - 1) // n as m
  from (select *, count(*) over (partition by currency) as n from buyer)
)
select customer_id, currency, getvariable('as_of') - last_sale_on, orders, net_cents, r, f, m,
  case when r >= 4 and f >= 4 and m >= 4 then 'champion' when r >= 3 and f >= 3 then 'loyal' when r >= 4 then 'new'
    when r = 3 then 'needs attention' when f >= 4 and m >= 4 then 'cannot lose' when f >= 3 then 'at risk'
    else 'hibernating' end as segment
from scored order by currency, r + f + m desc, net_cents desc, customer_id;
-- product_affinity
with basket as (select distinct transaction_id, product_id from fact_sales where not is_refund),
product as (select product_id, count(*) as orders from basket group by all),
total as (select count(distinct transaction_id) as orders from basket),
pair as (
  select a.product_id, b.product_id as other_id, count(*) as n from basket a join basket b using (transaction_id)
  where a.product_id <> b.product_id group by all having n >= 3
), catalogue as (from dim_product where is_current)
select p.product_id, coalesce(c.name, 'unknown'), p.other_id, coalesce(d.name, 'unknown'), n,
  round(100 * n / t.orders, 3), round(100 * n / a.orders, 2), round(n * t.orders / a.orders / b.orders, 2),
  round(n - a.orders * b.orders / t.orders, 1) as extra
from pair p join product a on a.product_id = p.product_id join product b on b.product_id = other_id cross join total t
left join catalogue c on c.product_id = p.product_id left join catalogue d on d.product_id = other_id
order by extra desc, n desc, 1, 3;
-- geographic_revenue
with place as (
  select coalesce(country, 'unknown') as country, city, currency, count(distinct customer_id) as customers,
    count(distinct transaction_id) filter (not is_refund) as orders, sum(net_cents)::bigint as net_cents
  from fact_sales s join dim_geography g using (geography_key) group by all
)
select *, round(net_cents / nullif(orders, 0))::bigint, round(100 * net_cents / nullif(sum(net_cents) over c, 0), 2),
  (sum(net_cents) over k)::bigint as country_cents,
  round(100 * sum(net_cents) over k / nullif(sum(net_cents) over c, 0), 2)
from place window c as (partition by currency), k as (partition by currency, country)
order by currency, country_cents desc, country, net_cents desc, city;
-- demand_time_series
with sold as (
  select category, transaction_at::date as date_on, coalesce(sum(quantity) filter (not is_refund), 0)::bigint as sold,
    coalesce(-sum(quantity) filter (is_refund), 0)::bigint as returned
  from fact_sales s join dim_product p using (product_key) group by all
), day as (
  select category, unnest(generate_series(min(date_on) filter (sold > 0), getvariable('as_of'), interval 1 day))::date
    as date_on
  from sold group by category
)
select category, date_on, isodow(date_on), isodow(date_on) > 5, coalesce(sold, 0) as pieces, coalesce(returned, 0),
  round(avg(coalesce(sold, 0)) over (w rows between 6 preceding and current row), 2),
  lag(coalesce(sold, 0), 7) over w, lag(coalesce(sold, 0), 364) over w
from day left join sold using (category, date_on)
window w as (partition by category order by date_on)
order by 1, 2;
