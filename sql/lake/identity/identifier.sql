-- Which customer each identifier leads to. Blocked and overshared values lead nowhere and have no row.
-- Grain: one row per identifier (identifier_type, identifier)
-- Reads: person, held_identifier, source_customer, anchor, visitor_email
with
contact as (
  select i.identifier_type, i.identifier, p.customer_id, true as is_known
  from held_identifier i
  join person p on p.person_id = i.first_person_id
  where not i.is_common
),
source_id as (
  select 'source_customer_id' as identifier_type, person_id as identifier, customer_id, is_known from source_customer
),
mailbox as (
  select v.anonymous_id, c.customer_id, c.is_known
  from visitor_email v
  join contact c on c.identifier = v.email
  where c.identifier_type = 'email'
),
device as (
  select 'anonymous_id' as identifier_type, a.anonymous_id as identifier,
    coalesce(s.customer_id, m.customer_id, concat_ws('_', 'a', substring(md5(a.anonymous_id), 1, 24))) as customer_id,
    coalesce(s.is_known, m.is_known, false) as is_known
  from anchor a
  left join source_customer s on s.person_id = a.person_id
  left join mailbox m on m.anonymous_id = a.anonymous_id
),
identifier as (
  select * from contact
  union all
  select * from source_id
  union all
  select * from device
)
select identifier_type, identifier, customer_id, is_known, :rule_version as rule_version from identifier
