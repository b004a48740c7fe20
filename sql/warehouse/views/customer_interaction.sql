-- Everything that happened between a customer and the company: visits, orders, refunds, messages and requests.
-- One row per interaction (interaction_type, reference_id). Strangers' interactions are not in it.
create view customer_interaction as
with sale as (
  select
    customer_id,
    transaction_id,
    min(channel_key) as channel_key,
    min(transaction_at) as transaction_at,
    min(case when is_refund then 'refund' else 'order' end) as interaction_type,
    min(currency) as currency,
    sum(net_cents) as net_cents
  from public.fact_sales
  where customer_id is not null
  group by customer_id, transaction_id
),
interaction as (
  select customer_id, started_at as interaction_at, 'visit' as interaction_type, session_id as reference_id,
    channel_key, landing_path as subject, revenue_cents as amount_cents, currency
  from public.fact_session
  where customer_id is not null
  union all
  select customer_id, transaction_at, interaction_type, transaction_id, channel_key, cast(null as varchar(1024)),
    cast(net_cents as bigint), currency
  from sale
  union all
  select m.customer_id, m.contacted_at, 'message_' || m.event_type, m.contact_id, m.channel_key, c.name,
    cast(null as bigint), cast(null as varchar(3))
  from public.fact_campaign_contact m
  join public.dim_campaign c on c.campaign_key = m.campaign_key
  where m.customer_id is not null
  union all
  select customer_id, opened_at, 'request', ticket_id, channel_key, topic, cast(null as bigint),
    cast(null as varchar(3))
  from public.fact_support_ticket
  where customer_id is not null
)
select
  i.customer_id,
  i.interaction_at,
  i.interaction_type,
  i.reference_id,
  h.channel,
  i.subject,
  i.amount_cents,
  i.currency
from interaction i
join public.dim_channel h on h.channel_key = i.channel_key
with no schema binding;
