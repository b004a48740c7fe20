-- Rows of clean.campaign_contact: events of messages, once per key; of equal keys the smallest record_id wins in any order.
-- Grain: one row per event of a message (contact_id)
-- Reads: typed_campaign_contact (this run's records), clean_campaign_contact (the table so far)
with arriving as (
  select
    contact_id,
    record_id, source,
    campaign_id,
    customer_source, source_customer_id, email,
    channel, event_type,
    contacted_at,
    cost_cents,
    cast(date_trunc('month', contacted_at) as date) as contact_month
  from typed_campaign_contact
),

stated as (
  select *, true as is_arriving from arriving
  union all
  select *, false as is_arriving from clean_campaign_contact
),

ranked as (
  select
    *,
    -- a record that arrives again wins over its own row, so that a replay brings in newer normal forms
    row_number() over (partition by contact_id order by record_id, is_arriving desc) as place
  from stated
)

select
  contact_id,
  record_id, source,
  campaign_id,
  customer_source, source_customer_id, email,
  channel, event_type,
  contacted_at,
  cost_cents,
  contact_month
from ranked
where place = 1
