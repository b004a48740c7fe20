-- Campaigns as the marketing tool last stated them.
-- Grain: one row per campaign (campaign_id), and -1 for unknown
-- Reads: clean.campaign
with
stated as (
  select *, row_number() over (partition by campaign_id order by updated_at desc, record_id) as recency
  from clean_campaign
),
known as (
  select cast(conv(substring(md5(campaign_id), 1, 15), 16, 10) as bigint) as campaign_key,
    campaign_id, name, channel, starts_on, ends_on, budget_cents, currency
  from stated
  where recency = 1
),
unknown as (
  select -1 as campaign_key, 'unknown' as campaign_id, 'unknown' as name, 'unknown' as channel,
    cast(null as date) as starts_on, cast(null as date) as ends_on, cast(null as bigint) as budget_cents,
    cast(null as string) as currency
)
select * from known
union all
select * from unknown
