-- Who was seen on which device, blocked ids taken for absent.
-- Grain: one row per pair of ids as stated, either of which may be null
-- Reads: device_login
with
visitor_login as (
  select count_logins, last_login_at,
    case when lower(trim(anonymous_id)) not in :blocked_values
      and regexp_extract(lower(trim(anonymous_id)), :blocked_id, 0) = '' then anonymous_id end as anonymous_id,
    case when lower(trim(user_id)) not in :blocked_values
      and regexp_extract(lower(trim(user_id)), :blocked_id, 0) = '' then user_id end as user_id
  from device_login
)
select * from visitor_login
