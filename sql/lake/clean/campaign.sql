-- Rows of clean.campaign: campaigns as planned, once per key; of equal keys the smallest record_id wins in any order.
-- Grain: one row per version of a campaign (campaign_id, updated_at)
-- Reads: typed_campaign (this run's records), clean_campaign (the table so far)
with arriving as (
  select
    campaign_id, updated_at,
    record_id, source,
    name, channel,
    starts_on, ends_on,
    budget_cents, currency
  from typed_campaign
),

stated as (
  select *, true as is_arriving from arriving
  union all
  select *, false as is_arriving from clean_campaign
),

ranked as (
  select
    *,
    -- a record that arrives again wins over its own row, so that a replay brings in newer normal forms
    row_number() over (partition by campaign_id, updated_at order by record_id, is_arriving desc) as place
  from stated
)

select
  campaign_id, updated_at,
  record_id, source,
  name, channel,
  starts_on, ends_on,
  budget_cents, currency
from ranked
where place = 1
