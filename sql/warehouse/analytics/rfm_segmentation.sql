-- Who are our best customers, who is drifting away, and who is new?
-- One row per customer and currency who has bought. Scores go from 1 to 5 by fifths of the customers: recency (day of
-- the last purchase), frequency (orders), monetary (revenue after refunds). Equal customers have equal scores, so the
-- many with a single order are not spread over the fifths by chance.
-- Reads fact_sales.
with as_of as (
  select cast(max(transaction_at) as date) as as_of_on from fact_sales
),
customer as (
  select
    customer_id,
    currency,
    cast(max(case when not is_refund then transaction_at end) as date) as last_sale_on,
    count(distinct case when not is_refund then transaction_id end) as count_orders,
    cast(sum(net_cents) as bigint) as net_cents
  from fact_sales
  where customer_id is not null
  group by customer_id, currency
),
buyer as (
  select * from customer where count_orders > 0
),
ranked as (
  select
    *,
    rank() over (partition by currency order by last_sale_on) as recency_rank,
    rank() over (partition by currency order by count_orders) as frequency_rank,
    rank() over (partition by currency order by net_cents) as monetary_rank,
    count(*) over (partition by currency) as count_customers
  from buyer
),
scored as (
  select
    *,
    1 + 5 * (recency_rank - 1) / count_customers as recency_score,
    1 + 5 * (frequency_rank - 1) / count_customers as frequency_score,
    1 + 5 * (monetary_rank - 1) / count_customers as monetary_score
  from ranked
)
select
  s.customer_id,
  s.currency,
  datediff(day, s.last_sale_on, a.as_of_on) as days_since_sale,
  s.count_orders,
  s.net_cents,
  s.recency_score,
  s.frequency_score,
  s.monetary_score,
  case
    when s.recency_score >= 4 and s.frequency_score >= 4 and s.monetary_score >= 4 then 'champion'
    when s.recency_score >= 3 and s.frequency_score >= 3 then 'loyal'
    when s.recency_score >= 4 then 'new'
    when s.recency_score = 3 then 'needs attention'
    when s.frequency_score >= 4 and s.monetary_score >= 4 then 'cannot lose'
    when s.frequency_score >= 3 then 'at risk'
    else 'hibernating'
  end as segment
from scored s
cross join as_of a
order by s.currency, s.recency_score + s.frequency_score + s.monetary_score desc, s.net_cents desc, s.customer_id;
