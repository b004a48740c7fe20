-- Rows of clean.support_ticket: tickets as stated, once per key; of equal keys the smallest record_id wins in any order.
-- Grain: one row per version of a ticket (ticket_id, updated_at)
-- Reads: typed_support_ticket (this run's records), clean_support_ticket (the table so far)
with arriving as (
  select
    ticket_id, updated_at,
    record_id, source,
    customer_source, source_customer_id, email,
    channel, topic, priority, status,
    opened_at, first_response_at, resolved_at,
    satisfaction_score
  from typed_support_ticket
),

stated as (
  select *, true as is_arriving from arriving
  union all
  select *, false as is_arriving from clean_support_ticket
),

ranked as (
  select
    *,
    -- a record that arrives again wins over its own row, so that a replay brings in newer normal forms
    row_number() over (partition by ticket_id, updated_at order by record_id, is_arriving desc) as place
  from stated
)

select
  ticket_id, updated_at,
  record_id, source,
  customer_source, source_customer_id, email,
  channel, topic, priority, status,
  opened_at, first_response_at, resolved_at,
  satisfaction_score
from ranked
where place = 1
