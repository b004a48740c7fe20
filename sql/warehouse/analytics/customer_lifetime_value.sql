-- What has each customer brought us so far, and who are the customers that matter most?
-- One row per customer and currency. Refunds count against the customer; guests are nobody we could name.
-- segment, by rank (equals share one): high is the first fifth, middle the rest of the first half, low the other
-- half, and none who brought nothing after refunds.
-- Reads fact_sales.
with as_of as (
  select cast(max(transaction_at) as date) as as_of_on from fact_sales
),
customer as (
  select
    customer_id,
    currency,
    cast(min(case when not is_refund then transaction_at end) as date) as first_sale_on,
    cast(max(case when not is_refund then transaction_at end) as date) as last_sale_on,
    count(distinct case when not is_refund then transaction_id end) as count_orders,
    cast(sum(case when is_refund then 0 else net_cents end) as bigint) as sales_cents,
    cast(sum(case when is_refund then net_cents else 0 end) as bigint) as refund_cents,
    cast(sum(net_cents) as bigint) as lifetime_cents
  from fact_sales
  where customer_id is not null
  group by customer_id, currency
),
ranked as (
  select
    *,
    rank() over (partition by currency order by lifetime_cents desc) as value_rank,
    count(*) over (partition by currency) as count_customers,
    sum(lifetime_cents) over (partition by currency) as total_cents
  from customer
)
select
  r.customer_id,
  r.currency,
  r.first_sale_on,
  r.last_sale_on,
  r.count_orders,
  r.refund_cents,
  r.lifetime_cents,
  cast(round(cast(r.sales_cents as float) / nullif(r.count_orders, 0)) as bigint) as average_order_cents,
  cast(round(cast(r.lifetime_cents as float) / (datediff(month, r.first_sale_on, a.as_of_on) + 1)) as bigint)
    as monthly_cents,
  round(100 * cast(r.lifetime_cents as float) / nullif(r.total_cents, 0), 2) as share_percent,
  r.value_rank,
  case
    when r.lifetime_cents <= 0 then 'none'
    when (r.value_rank - 1) * 5 < r.count_customers then 'high'
    when (r.value_rank - 1) * 2 < r.count_customers then 'middle'
    else 'low'
  end as segment
from ranked r
cross join as_of a
order by r.currency, r.value_rank, r.customer_id;
