-- What visitors did. Who was logged in is the user; else the device's anchored user, or its anonymous customer.
-- Grain: one row per event (message_id)
-- Reads: clean.clickstream_event, session, bridge_customer_identity, dim_customer, dim_product, dim_date, dim_channel,
-- dim_geography
with
event as (
  select *,
    case when user_id is not null then concat_ws(':', 'shop', user_id) end as account_id,
    case when app_name is not null then 'mobile_app' else 'web' end as channel
  from clean_clickstream_event
),
account as (
  select identifier, customer_id from bridge_customer_identity where identifier_type = 'source_customer_id'
),
device as (
  select identifier, customer_id from bridge_customer_identity where identifier_type = 'anonymous_id'
),
identified as (
  select e.*, coalesce(a.customer_id, v.customer_id) as customer_id
  from event e
  left join account a on a.identifier = e.account_id
  left join device v on v.identifier = e.anonymous_id
),
country as (
  select geography_key, country from dim_geography where not is_city
),
fact_clickstream as (
  select
    cast(conv(substring(md5(e.message_id), 1, 15), 16, 10) as bigint) as event_key,
    e.message_id,
    coalesce(d.date_key, -1) as date_key,
    coalesce(c.customer_key, -1) as customer_key,
    coalesce(p.product_key, -1) as product_key,
    coalesce(h.channel_key, -1) as channel_key,
    coalesce(g.geography_key, -1) as geography_key,
    e.customer_id, e.anonymous_id, e.user_id, s.session_id, s.session_event_number,
    e.event_at, e.event_type, e.event_name, e.url_path, e.referrer, e.device_type, e.country,
    e.campaign_name, e.campaign_source, e.campaign_medium, e.product_id, e.transaction_id, e.quantity,
    e.revenue_cents, e.currency, e.event_on
  from identified e
  join session s on s.message_id = e.message_id
  left join dim_customer c
    on c.customer_id = e.customer_id and e.event_at >= c.valid_from and e.event_at < c.valid_to
  left join dim_product p
    on p.product_id = e.product_id and e.event_at >= p.valid_from and e.event_at < p.valid_to
  left join dim_date d on d.date_on = e.event_on
  left join dim_channel h on h.channel = e.channel
  left join country g on g.country = e.country
)
select * from fact_clickstream
