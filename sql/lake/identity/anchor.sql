-- The one user each anonymous id belongs to: most login events, then most recent, then smallest user id; nobody for a
-- visitor who never logged in and for a device that too many use. A shared device belongs to who uses it most and ties
-- nobody together.
-- Grain: one row per anonymous id; person_id is null for an unknown visitor
-- Reads: visitor_login
with
login as (
  select anonymous_id, user_id, count_logins, last_login_at from visitor_login
),
candidate as (
  select anonymous_id, last_login_at,
    case when count_logins > 0 then user_id end as user_id,
    case when user_id is not null then count_logins else 0 end as count_logins
  from login
  where anonymous_id is not null
),
ranked as (
  select *,
    count(user_id) over (partition by anonymous_id) as count_users,
    row_number() over (
      partition by anonymous_id order by count_logins desc, last_login_at desc, user_id
    ) as preference
  from candidate
),
anchor as (
  select anonymous_id, count_users,
    case when user_id is not null and count_users <= :most_users_per_device
      then concat_ws(':', :user_id_source, user_id) end as person_id
  from ranked
  where preference = 1
)
select * from anchor
