-- Rows of clean.consent: consents as given or withdrawn, once per key; of equal keys the smallest record_id wins in any order.
-- Grain: one row per consent event (consent_id)
-- Reads: typed_consent (this run's records), clean_consent (the table so far)
with arriving as (
  select
    consent_id,
    record_id, source,
    customer_source, source_customer_id, email,
    purpose, is_granted,
    occurred_at,
    proof
  from typed_consent
),

stated as (
  select *, true as is_arriving from arriving
  union all
  select *, false as is_arriving from clean_consent
),

ranked as (
  select
    *,
    -- a record that arrives again wins over its own row, so that a replay brings in newer normal forms
    row_number() over (partition by consent_id order by record_id, is_arriving desc) as place
  from stated
)

select
  consent_id,
  record_id, source,
  customer_source, source_customer_id, email,
  purpose, is_granted,
  occurred_at,
  proof
from ranked
where place = 1
