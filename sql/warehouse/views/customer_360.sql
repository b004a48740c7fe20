-- All there is to know of a customer at a glance: who, value, recency, channels, consent, last contact, segment.
-- One row per customer (customer_id). Value is that in the currency in which they spent most; today is the day of the
-- latest sale.
create view customer_360 as
with today as (
  select cast(max(transaction_at) as date) as today_on from public.fact_sales
),
spent as (
  select
    customer_id,
    currency,
    count(distinct case when not is_refund then transaction_id end) as count_orders,
    sum(case when is_refund then net_cents else 0 end) as refunded_cents,
    sum(net_cents) as lifetime_cents,
    min(case when not is_refund then transaction_at end) as first_order_at,
    max(case when not is_refund then transaction_at end) as last_order_at
  from public.fact_sales
  where customer_id is not null
  group by customer_id, currency
),
ranked as (
  select *, row_number() over (partition by customer_id order by lifetime_cents desc, currency) as place from spent
),
used as (
  select s.customer_id, h.channel, count(*) as count_lines
  from public.fact_sales s
  join public.dim_channel h on h.channel_key = s.channel_key
  where s.customer_id is not null and not s.is_refund
  group by s.customer_id, h.channel
),
channel as (
  select
    customer_id,
    channel as favourite_channel,
    count(*) over (partition by customer_id) as count_channels,
    row_number() over (partition by customer_id order by count_lines desc, channel) as place
  from used
),
visit as (
  select customer_id, count(*) as count_visits, max(started_at) as last_visit_at
  from public.fact_session
  where customer_id is not null
  group by customer_id
),
request as (
  select
    customer_id,
    count(*) as count_tickets,
    count(case when status in ('open', 'pending') then 1 end) as count_open_tickets,
    round(avg(cast(satisfaction_score as float)), 2) as average_satisfaction,
    max(opened_at) as last_ticket_at
  from public.fact_support_ticket
  where customer_id is not null
  group by customer_id
),
message as (
  select
    customer_id,
    count(case when event_type = 'sent' then 1 end) as count_messages,
    count(case when event_type = 'clicked' then 1 end) as count_messages_clicked,
    max(case when event_type = 'sent' then contacted_at end) as last_contact_at
  from public.fact_campaign_contact
  where customer_id is not null
  group by customer_id
)
select
  p.customer_id,
  p.email,
  p.phone,
  p.first_name,
  p.last_name,
  p.city,
  p.country,
  p.created_at,
  p.has_marketing_consent,
  p.count_purposes_granted,
  p.count_identifiers,
  p.count_devices,
  g.segment as life_cycle,
  r.currency,
  coalesce(r.count_orders, 0) as count_orders,
  cast(coalesce(r.lifetime_cents, 0) as bigint) as lifetime_cents,
  cast(coalesce(r.refunded_cents, 0) as bigint) as refunded_cents,
  cast(round(cast(r.lifetime_cents as float) / nullif(r.count_orders, 0)) as bigint) as per_order_cents,
  r.first_order_at,
  r.last_order_at,
  datediff(day, cast(r.last_order_at as date), t.today_on) as days_since_last_order,
  h.favourite_channel,
  coalesce(h.count_channels, 0) as count_channels,
  coalesce(v.count_visits, 0) as count_visits,
  v.last_visit_at,
  coalesce(q.count_tickets, 0) as count_tickets,
  coalesce(q.count_open_tickets, 0) as count_open_tickets,
  q.average_satisfaction,
  q.last_ticket_at,
  coalesce(m.count_messages, 0) as count_messages,
  coalesce(m.count_messages_clicked, 0) as count_messages_clicked,
  m.last_contact_at
from public.customer_profile p
cross join today t
left join public.customer_segment g on g.customer_id = p.customer_id and g.segmentation = 'life_cycle'
left join ranked r on r.customer_id = p.customer_id and r.place = 1
left join channel h on h.customer_id = p.customer_id and h.place = 1
left join visit v on v.customer_id = p.customer_id
left join request q on q.customer_id = p.customer_id
left join message m on m.customer_id = p.customer_id
with no schema binding;
