-- The values that contradict each other: what each person record of the customer stated, until it stated something else.
-- Grain: one row per customer, contested attribute and version that states it (customer_id, attribute, place)
-- Reads: person_version, stated_attribute, source_trust
with
contested as (
  select customer_id, attribute from stated_attribute where is_contested
),
version as (
  select customer_id, place, source, source_customer_id, email, phone, first_name, last_name,
    cast(birth_on as string) as birth_on, street, postal_code, city, country,
    cast(has_marketing_consent as string) as has_marketing_consent
  from person_version
),
value as (
  select v.customer_id, c.attribute, v.place, v.source, v.source_customer_id,
    case c.attribute
      when 'email' then v.email
      when 'phone' then v.phone
      when 'first_name' then v.first_name
      when 'last_name' then v.last_name
      when 'birth_on' then v.birth_on
      when 'street' then v.street
      when 'postal_code' then v.postal_code
      when 'city' then v.city
      when 'country' then v.country
      when 'has_marketing_consent' then v.has_marketing_consent
    end as value
  from contested c
  join version v on v.customer_id = c.customer_id
),
stated as (
  select * from value where value is not null
),
candidate as (
  select s.customer_id, s.attribute, s.place, s.value,
    coalesce(t.trust, 0) as trust,
    coalesce(t.verified, 0) as verified,
    lead(s.place) over (
      partition by s.customer_id, s.attribute, s.source, s.source_customer_id order by s.place
    ) as next_place
  from stated s
  left join source_trust t on t.source = s.source and t.attribute = s.attribute
)
select * from candidate
