-- Who was seen on which device: the pairs of ids that events state, blocked ids taken for absent.
-- Grain: one row per pair of ids as stated, either of which may be null
-- Reads: clean.clickstream_event
with
event as (
  select anonymous_id, user_id, event_type, event_at from clean_clickstream_event
),
pair as (
  select anonymous_id, user_id,
    sum(case when event_type in :login_event_types then 1 else 0 end) as count_logins,
    max(case when event_type in :login_event_types then event_at end) as last_login_at
  from event
  group by anonymous_id, user_id
),
visitor_login as (
  select count_logins, last_login_at,
    case when lower(trim(anonymous_id)) not in :blocked_values
      and regexp_extract(lower(trim(anonymous_id)), :blocked_id, 0) = '' then anonymous_id end as anonymous_id,
    case when lower(trim(user_id)) not in :blocked_values
      and regexp_extract(lower(trim(user_id)), :blocked_id, 0) = '' then user_id end as user_id
  from pair
)
select * from visitor_login
