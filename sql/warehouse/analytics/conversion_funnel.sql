-- How many visits become an order, and at which step do the others leave?
-- One row per channel and step, also steps that nobody reached. A step counts when it comes after the step before it
-- in the same session, so a cart filled earlier or an order out of nowhere does not. What the shop's server states
-- by itself has no device and is no visit. Covers every day the facts have.
-- Reads fact_clickstream, dim_channel.
with visit as (
  select session_id, channel_key from fact_clickstream where session_event_number = 1 and anonymous_id is not null
),
event as (
  select session_id, session_event_number, event_name
  from fact_clickstream
  where event_name in ('Product Viewed', 'Product Added', 'Checkout Started', 'Order Completed')
),
viewed as (
  select session_id, min(session_event_number) as event_number
  from event
  where event_name = 'Product Viewed'
  group by session_id
),
added as (
  select e.session_id, min(e.session_event_number) as event_number
  from viewed b
  join event e on e.session_id = b.session_id and e.session_event_number > b.event_number
  where e.event_name = 'Product Added'
  group by e.session_id
),
checkout as (
  select e.session_id, min(e.session_event_number) as event_number
  from added b
  join event e on e.session_id = b.session_id and e.session_event_number > b.event_number
  where e.event_name = 'Checkout Started'
  group by e.session_id
),
ordered as (
  select e.session_id, min(e.session_event_number) as event_number
  from checkout b
  join event e on e.session_id = b.session_id and e.session_event_number > b.event_number
  where e.event_name = 'Order Completed'
  group by e.session_id
),
counted as (
  select
    h.channel,
    count(*) as count_visits,
    count(w.session_id) as count_viewed,
    count(d.session_id) as count_added,
    count(k.session_id) as count_checkout,
    count(o.session_id) as count_ordered
  from visit v
  join dim_channel h on h.channel_key = v.channel_key
  left join viewed w on w.session_id = v.session_id
  left join added d on d.session_id = v.session_id
  left join checkout k on k.session_id = v.session_id
  left join ordered o on o.session_id = v.session_id
  group by h.channel
),
step as (
  select channel, 1 as step_number, 'Visit' as step, count_visits, count_visits as count_sessions from counted
  union all
  select channel, 2, 'Product Viewed', count_visits, count_viewed from counted
  union all
  select channel, 3, 'Product Added', count_visits, count_added from counted
  union all
  select channel, 4, 'Checkout Started', count_visits, count_checkout from counted
  union all
  select channel, 5, 'Order Completed', count_visits, count_ordered from counted
),
compared as (
  select *, lag(count_sessions) over (partition by channel order by step_number) as count_before from step
)
select
  channel,
  step_number,
  step,
  count_sessions,
  round(100 * cast(count_sessions as float) / count_visits, 1) as percent_of_visits,
  round(100 * cast(count_sessions as float) / nullif(count_before, 0), 1) as percent_of_step_before
from compared
order by channel, step_number;
