-- Who the customers are today: best known values, how they can be reached, and how many identifiers lead to them.
-- One row per customer (customer_id). Anonymous visitors are no customers yet.
create view customer_profile as
with identifier as (
  select
    customer_id,
    count(*) as count_identifiers,
    count(case when identifier_type = 'source_customer_id' then 1 end) as count_accounts,
    count(case when identifier_type = 'anonymous_id' then 1 end) as count_devices
  from public.bridge_customer_identity
  group by customer_id
),
decided as (
  select
    customer_id,
    purpose,
    is_granted,
    row_number() over (partition by customer_id, purpose order by occurred_at desc, consent_key) as recency
  from public.fact_consent
  where customer_id is not null
),
consent as (
  select
    customer_id,
    max(case when purpose = 'email_marketing' and is_granted then 1 when purpose = 'email_marketing' then 0 end) as marketing,
    sum(case when is_granted then 1 else 0 end) as count_purposes_granted
  from decided
  where recency = 1
  group by customer_id
)
select
  c.customer_id,
  c.email,
  c.phone,
  c.first_name,
  c.last_name,
  c.birth_on,
  c.street,
  c.postal_code,
  c.city,
  c.country,
  c.created_at,
  c.valid_from as changed_at,
  case when n.marketing is not null then n.marketing = 1 else c.has_marketing_consent end as has_marketing_consent,
  cast(coalesce(n.count_purposes_granted, 0) as integer) as count_purposes_granted,
  cast(coalesce(i.count_identifiers, 0) as integer) as count_identifiers,
  cast(coalesce(i.count_accounts, 0) as integer) as count_accounts,
  cast(coalesce(i.count_devices, 0) as integer) as count_devices
from public.dim_customer c
left join identifier i on i.customer_id = c.customer_id
left join consent n on n.customer_id = c.customer_id
where c.is_current and c.customer_key <> -1
with no schema binding;
