-- The one e-mail address each anonymous id stands for on which nobody ever logged in: stated there most often, then
-- most recently, then the smallest; none where too many were stated.
-- Grain: one row per anonymous id
-- Reads: clean.clickstream_event, anchor
with
event as (
  select anonymous_id, email, event_at from clean_clickstream_event
  where anonymous_id is not null and email is not null and event_type in :login_event_types
),
unknown as (
  select anonymous_id from anchor where count_users = 0
),
stated as (
  select e.anonymous_id, e.email, count(*) as count_events, max(e.event_at) as last_event_at
  from event e
  join unknown u on u.anonymous_id = e.anonymous_id
  group by e.anonymous_id, e.email
),
ranked as (
  select *,
    count(*) over (partition by anonymous_id) as count_emails,
    row_number() over (
      partition by anonymous_id order by count_events desc, last_event_at desc, email
    ) as preference
  from stated
),
visitor_email as (
  select anonymous_id, email from ranked where preference = 1 and count_emails <= :most_users_per_device
)
select * from visitor_email
