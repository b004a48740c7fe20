-- What became of messages to people.
-- Grain: one row per event of a message (contact_id)
-- Reads: clean.campaign_contact, stated_customer, dim_customer, dim_campaign, dim_date, dim_channel
with
who as (
  select record_id, customer_id from stated_customer where dataset = 'campaign_contact'
),
contact as (
  select s.*, w.customer_id
  from clean_campaign_contact s
  left join who w on w.record_id = s.record_id
),
fact_campaign_contact as (
  select
    cast(conv(substring(md5(e.contact_id), 1, 15), 16, 10) as bigint) as contact_key,
    e.contact_id,
    coalesce(d.date_key, -1) as date_key,
    coalesce(c.customer_key, -1) as customer_key,
    coalesce(k.campaign_key, -1) as campaign_key,
    coalesce(h.channel_key, -1) as channel_key,
    e.customer_id, e.event_type, e.contacted_at, e.cost_cents, k.currency, e.contact_month
  from contact e
  left join dim_customer c
    on c.customer_id = e.customer_id and e.contacted_at >= c.valid_from and e.contacted_at < c.valid_to
  left join dim_campaign k on k.campaign_id = e.campaign_id
  left join dim_date d on d.date_on = cast(e.contacted_at as date)
  left join dim_channel h on h.channel = e.channel
)
select * from fact_campaign_contact
