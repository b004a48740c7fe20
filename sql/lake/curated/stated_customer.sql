-- Whom a message, a ticket or a consent is about: the customer of the id it states, else of the address.
-- Grain: one row per record (dataset, record_id)
-- Reads: clean.campaign_contact, clean.support_ticket, clean.consent, bridge_customer_identity
with
stated as (
  select 'campaign_contact' as dataset, record_id, customer_source, source_customer_id, email
  from clean_campaign_contact
  union all
  select 'support_ticket' as dataset, record_id, customer_source, source_customer_id, email from clean_support_ticket
  union all
  select 'consent' as dataset, record_id, customer_source, source_customer_id, email from clean_consent
),
named as (
  select dataset, record_id, email,
    case when source_customer_id is not null then concat_ws(':', customer_source, source_customer_id) end as account_id
  from stated
),
account as (
  select identifier, customer_id from bridge_customer_identity where identifier_type = 'source_customer_id'
),
mailbox as (
  select identifier, customer_id from bridge_customer_identity where identifier_type = 'email'
),
stated_customer as (
  select n.dataset, n.record_id, coalesce(a.customer_id, m.customer_id) as customer_id
  from named n
  left join account a on a.identifier = n.account_id
  left join mailbox m on m.identifier = n.email
)
select * from stated_customer
