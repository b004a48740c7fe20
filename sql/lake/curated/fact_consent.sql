-- What people agreed to and took back.
-- Grain: one row per consent event (consent_id)
-- Reads: clean.consent, stated_customer, dim_customer, dim_date
with
who as (
  select record_id, customer_id from stated_customer where dataset = 'consent'
),
decision as (
  select s.*, w.customer_id
  from clean_consent s
  left join who w on w.record_id = s.record_id
),
fact_consent as (
  select
    cast(conv(substring(md5(e.consent_id), 1, 15), 16, 10) as bigint) as consent_key,
    e.consent_id,
    coalesce(d.date_key, -1) as date_key,
    coalesce(c.customer_key, -1) as customer_key,
    e.customer_id, e.purpose, e.is_granted, e.occurred_at
  from decision e
  left join dim_customer c
    on c.customer_id = e.customer_id and e.occurred_at >= c.valid_from and e.occurred_at < c.valid_to
  left join dim_date d on d.date_on = cast(e.occurred_at as date)
)
select * from fact_consent
