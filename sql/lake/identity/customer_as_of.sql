-- Which customer each id belonged to at an instant, as the platform knew it then; null when that customer was named
-- after a person record that has been erased since.
-- Grain: one row per id that was known by then (identifier_type, identifier)
-- Reads: identity.identity_log
with
log as (
  select identifier_type, identifier, customer_id, changed_at from identity_identity_log where changed_at <= :as_of
),
ranked as (
  select *, row_number() over (partition by identifier_type, identifier order by changed_at desc) as recency from log
),
customer_as_of as (
  select identifier_type, identifier, customer_id, changed_at as since from ranked where recency = 1
)
select * from customer_as_of
