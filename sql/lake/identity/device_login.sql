-- Who was seen on which device, event by event as far as it counts: of types that tie, and not long before the last.
-- Grain: one row per pair of ids as stated, either of which may be null
-- Reads: clean.clickstream_event
with
event as (
  select anonymous_id, user_id, event_at, event_type in :login_event_types as is_login from clean_clickstream_event
),
last_seen as (
  select anonymous_id, max(event_at) as last_event_at from event where anonymous_id is not null group by anonymous_id
),
dated as (
  select e.anonymous_id, e.user_id, e.event_at,
    e.is_login
    and coalesce(unix_micros(l.last_event_at) - unix_micros(e.event_at) <= :window_micros, true) as is_counted
  from event e
  left join last_seen l on l.anonymous_id = e.anonymous_id
),
device_login as (
  select anonymous_id, user_id,
    sum(case when is_counted then 1 else 0 end) as count_logins,
    max(case when is_counted then event_at end) as last_login_at
  from dated
  group by anonymous_id, user_id
)
select * from device_login
