-- What people agreed to and took back. Who decided is the customer of the id stated, else of the address.
-- Grain: one row per consent event (consent_id)
-- Reads: clean.consent, bridge_customer_identity, dim_customer, dim_date
with
stated as (
  select *,
    case when source_customer_id is not null then concat_ws(':', customer_source, source_customer_id) end as account_id
  from clean_consent
),
account as (
  select identifier, customer_id from bridge_customer_identity where identifier_type = 'source_customer_id'
),
mailbox as (
  select identifier, customer_id from bridge_customer_identity where identifier_type = 'email'
),
decision as (
  select s.*, coalesce(a.customer_id, m.customer_id) as customer_id
  from stated s
  left join account a on a.identifier = s.account_id
  left join mailbox m on m.identifier = s.email
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
