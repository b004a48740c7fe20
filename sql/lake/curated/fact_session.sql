-- Visits: how each session began, what happened in it, what it brought, and who it was, as last known in the session.
-- Grain: one row per session (session_id)
-- Reads: fact_clickstream, dim_customer
with
first_event as (
  select session_id, date_key, channel_key, geography_key, event_at as started_at, url_path as landing_path, referrer,
    device_type, campaign_name, campaign_source, campaign_medium, event_on as started_on
  from fact_clickstream
  where session_event_number = 1
),
event as (
  select session_id, session_event_number, customer_id, anonymous_id, event_at, event_type, event_name,
    case when event_name = 'Order Completed' then revenue_cents end as order_cents,
    case when event_name = 'Order Completed' then currency end as order_currency
  from fact_clickstream
),
measured as (
  select session_id,
    max_by(customer_id, case when customer_id is not null then session_event_number end) as customer_id,
    max(anonymous_id) as anonymous_id,
    max(event_at) as ended_at,
    count(*) as count_events,
    sum(case when event_type in ('page', 'screen') then 1 else 0 end) as count_pages,
    sum(case when event_name = 'Product Viewed' then 1 else 0 end) as count_products_viewed,
    sum(case when event_name = 'Product Added' then 1 else 0 end) as count_products_added,
    sum(case when event_name = 'Checkout Started' then 1 else 0 end) as count_checkouts,
    sum(case when event_name = 'Order Completed' then 1 else 0 end) as count_orders,
    min(order_currency) as first_currency,
    max(order_currency) as last_currency,
    -- Many amounts that a contract allows may be more than a bigint holds: null then.
    try_cast(sum(cast(order_cents as decimal(19, 0))) as bigint) as order_cents
  from event
  group by session_id
),
fact_session as (
  select
    cast(conv(substring(m.session_id, 1, 15), 16, 10) as bigint) as session_key,
    m.session_id, f.date_key,
    coalesce(c.customer_key, -1) as customer_key,
    f.channel_key, f.geography_key, m.customer_id, m.anonymous_id, f.started_at, m.ended_at,
    unix_millis(m.ended_at) - unix_millis(f.started_at) as duration_ms,
    m.count_events, m.count_pages, m.count_products_viewed, m.count_products_added, m.count_checkouts, m.count_orders,
    case when m.first_currency = m.last_currency then m.order_cents end as revenue_cents,
    case when m.first_currency = m.last_currency then m.last_currency end as currency,
    f.landing_path, f.referrer, f.device_type, f.campaign_name, f.campaign_source, f.campaign_medium, f.started_on
  from measured m
  join first_event f on f.session_id = m.session_id
  left join dim_customer c
    on c.customer_id = m.customer_id and f.started_at >= c.valid_from and f.started_at < c.valid_to
)
select * from fact_session
