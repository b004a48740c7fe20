-- Rows of clean.clickstream_event: events, once per key; of equal keys the smallest record_id wins in any order.
-- Grain: one row per event (message_id)
-- Reads: typed_clickstream_event (this run's records), clean_clickstream_event (the table so far)
with arriving as (
  select
    -- producers write UUIDs in either case
    lower(message_id) as message_id,
    record_id, source,
    event_type, event_name,
    lower(anonymous_id) as anonymous_id, user_id,
    event_at, sent_at,
    email, phone,
    -- queries and fragments may carry personal data
    coalesce(
      nullif(regexp_extract(page_path, '^[^?#]*', 0), ''),
      nullif(regexp_extract(page_url, '^[A-Za-z][A-Za-z0-9+.-]*://[^/?#]*(/[^?#]*)', 1), '')
    ) as url_path,
    nullif(regexp_extract(referrer, '^[^?#]*', 0), '') as referrer,
    device_type, app_name, country,
    campaign_name, campaign_source, campaign_medium,
    product_id, search_query, transaction_id,
    quantity, revenue_cents, currency,
    cast(event_at as date) as event_on
  from typed_clickstream_event
),

stated as (
  select *, true as is_arriving from arriving
  union all
  select *, false as is_arriving from clean_clickstream_event
),

repeated as (
  select message_id
  from (
    select lower(message_id) as message_id from typed_clickstream_event
    union all
    select message_id from clean_clickstream_event
  ) named
  group by message_id
  having count(*) > 1
),

-- only keys that repeat are ranked: a window over all events would hold every column of theirs in memory
ranked as (
  select
    s.*,
    -- a record that arrives again wins over its own row, so that a replay brings in newer normal forms
    row_number() over (partition by s.message_id order by s.record_id, s.is_arriving desc) as place
  from stated s
  join repeated r on r.message_id = s.message_id
  union all
  select s.*, cast(1 as bigint) as place
  from stated s
  left join repeated r on r.message_id = s.message_id
  where r.message_id is null
)

select
  message_id,
  record_id, source,
  event_type, event_name,
  anonymous_id, user_id,
  event_at, sent_at,
  email, phone,
  url_path, referrer,
  device_type, app_name, country,
  campaign_name, campaign_source, campaign_medium,
  product_id, search_query, transaction_id,
  quantity, revenue_cents, currency,
  event_on
from ranked
where place = 1
