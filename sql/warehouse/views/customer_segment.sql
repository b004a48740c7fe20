-- Which segments a customer is in, who says so and how surely: the life cycle by rule, the others by the latest scores.
-- One row per customer and segmentation (customer_id, segmentation). Today is the day of the latest sale.
create view customer_segment as
with today as (
  select cast(max(transaction_at) as date) as today_on from public.fact_sales
),
bought as (
  select customer_id, min(transaction_at) as first_order_at, max(transaction_at) as last_order_at
  from public.fact_sales
  where customer_id is not null and not is_refund
  group by customer_id
),
customer as (
  select customer_id from public.dim_customer where is_current and customer_key <> -1
),
life_cycle as (
  select
    c.customer_id,
    t.today_on,
    datediff(day, cast(b.first_order_at as date), t.today_on) as days_since_first,
    datediff(day, cast(b.last_order_at as date), t.today_on) as days_since_last
  from customer c
  cross join today t
  left join bought b on b.customer_id = c.customer_id
),
latest as (
  select *, row_number() over (partition by customer_id, score_name order by scored_at desc, score_key) as recency
  from public.fact_customer_score
)
select
  customer_id,
  'life_cycle' as segmentation,
  case
    when days_since_last is null then 'prospect'
    when days_since_last > 365 then 'lost'
    when days_since_last > 180 then 'lapsing'
    when days_since_first <= 30 then 'new'
    else 'active'
  end as segment,
  100 as confidence_percent,
  'rule life_cycle.1' as decided_by,
  cast(today_on as timestamp) as assigned_at
from life_cycle
union all
select customer_id, score_name, segment, confidence_percent, 'model ' || model_version, scored_at
from latest
where recency = 1 and segment is not null
with no schema binding;
