-- The log with this run's changes, in place of those that a first try of the run wrote. A change comes after the one
-- before it also where two runs have the same run_at, or the later one an earlier. An id that is gone from clean is gone
-- from here with all its changes, and a customer named after it is nameless in those of others: an erased person leaves
-- no trace.
-- Grain: one row per id and change of its customer (identifier_type, identifier, changed_at)
-- Reads: followed, identity_event, identity.identity_log
with
change as (
  select identifier_type, identifier, changed_at, event, previous_customer_id, customer_id, rule_version, run_id
  from identity_identity_log
  where run_id <> :run_id
  union all
  select identifier_type, identifier,
    greatest(:run_at, previous_changed_at + interval '1' microsecond) as changed_at,
    event, previous_customer_id, customer_id, :rule_version as rule_version, :run_id as run_id
  from identity_event
),
identity_log as (
  select c.identifier_type, c.identifier, c.changed_at, c.event,
    before.own_customer_id as previous_customer_id, after.own_customer_id as customer_id, c.rule_version, c.run_id
  from change c
  join followed f on f.identifier_type = c.identifier_type and f.identifier = c.identifier
  left join followed before on before.own_customer_id = c.previous_customer_id
  left join followed after on after.own_customer_id = c.customer_id
)
select *, cast(changed_at as date) as changed_on from identity_log
