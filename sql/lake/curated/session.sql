-- Events in sessions: a visitor's session ends after 30 minutes without an event. A visitor is a device, or a user
-- where no device is stated. Events of one instant are in order of message_id.
-- Grain: one row per event (message_id)
-- Reads: clean.clickstream_event
with
event as (
  select message_id, unix_micros(event_at) as micros,
    coalesce(anonymous_id, concat_ws(':', 'user', user_id)) as visitor
  from clean_clickstream_event
),
spaced as (
  select *, micros - lag(micros) over (partition by visitor order by micros, message_id) as pause from event
),
numbered as (
  select *,
    sum(case when pause <= 30 * 60 * 1000000 then 0 else 1 end) over (
      partition by visitor order by micros, message_id rows between unbounded preceding and current row
    ) as session_number
  from spaced
),
session as (
  select message_id,
    md5(concat_ws('|', visitor, cast(min(micros) over (partition by visitor, session_number) as string))) as session_id,
    cast(row_number() over (partition by visitor, session_number order by micros, message_id) as int)
      as session_event_number
  from numbered
)
select * from session
