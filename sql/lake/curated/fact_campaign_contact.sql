-- What became of messages to people. Who got one is the customer of the id stated, else of the address.
-- Grain: one row per event of a message (contact_id)
-- Reads: clean.campaign_contact, bridge_customer_identity, dim_customer, dim_campaign, dim_date, dim_channel
with
stated as (
  select *,
    case when source_customer_id is not null then concat_ws(':', customer_source, source_customer_id) end as account_id
  from clean_campaign_contact
),
account as (
  select identifier, customer_id from bridge_customer_identity where identifier_type = 'source_customer_id'
),
mailbox as (
  select identifier, customer_id from bridge_customer_identity where identifier_type = 'email'
),
contact as (
  select s.*, coalesce(a.customer_id, m.customer_id) as customer_id
  from stated s
  left join account a on a.identifier = s.account_id
  left join mailbox m on m.identifier = s.email
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
