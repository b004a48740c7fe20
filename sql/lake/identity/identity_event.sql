-- What this run changed: ids whose customer is another than the log says. An id that is new creates a customer or joins
-- one. Of one that was somebody's: its customer was split when the ids it had go to several customers, merged when they
-- go whole to one that others belong to as well, and retired when that one is only a new name: its founder came late.
-- Grain: one row per id and change in this run (identifier_type, identifier)
-- Reads: followed, identity.identity_log
with
log as (
  select identifier_type, identifier, changed_at, customer_id from identity_identity_log where run_id <> :run_id
),
latest as (
  select identifier_type, identifier, max_by(customer_id, changed_at) as customer_id, max(changed_at) as changed_at
  from log
  group by identifier_type, identifier
),
customer_before as (
  select distinct customer_id from latest where customer_id is not null
),
compared as (
  select f.identifier_type, f.identifier, f.customer_id, l.customer_id as previous_customer_id,
    l.changed_at as previous_changed_at, b.customer_id is not null as was_there
  from followed f
  left join latest l on l.identifier_type = f.identifier_type and l.identifier = f.identifier
  left join customer_before b on b.customer_id = f.customer_id
),
counted as (
  select *,
    min(customer_id) over (partition by previous_customer_id)
      <> max(customer_id) over (partition by previous_customer_id) as is_split,
    min(previous_customer_id) over (partition by customer_id)
      <> max(previous_customer_id) over (partition by customer_id) as is_merged
  from compared
),
identity_event as (
  select identifier_type, identifier,
    case
      when previous_customer_id is null and was_there then 'join'
      when previous_customer_id is null then 'create'
      when is_split then 'split'
      when is_merged or was_there then 'merge'
      else 'retire'
    end as event,
    previous_changed_at, previous_customer_id, customer_id
  from counted
  where customer_id is distinct from previous_customer_id
)
select * from identity_event
