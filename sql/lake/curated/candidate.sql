-- The values that contradict each other: what each person record of the customer stated, until it stated something
-- else. Where the most recent value wins first, that is the one just stated: only the last such contest is weighed, for
-- its runner-up.
-- Grain: one row per customer, contested attribute and version that states it (customer_id, attribute, place)
-- Reads: stated_attribute, person_version, attribute, source_trust
with
contested as (
  select customer_id, attribute, place from stated_attribute where is_contested
),
value as (
  select v.customer_id, c.attribute, v.place, v.source, v.source_customer_id, c.place = v.place as is_last,
    case c.attribute
      when 'email' then v.email
      when 'phone' then v.phone
      when 'first_name' then v.first_name
      when 'last_name' then v.last_name
      when 'birth_on' then cast(v.birth_on as string)
      when 'street' then v.street
      when 'postal_code' then v.postal_code
      when 'city' then v.city
      when 'country' then v.country
      when 'has_marketing_consent' then cast(v.has_marketing_consent as string)
    end as value
  from person_version v
  join contested c on c.customer_id = v.customer_id
),
candidate as (
  select v.customer_id, v.attribute, v.place, v.value,
    coalesce(t.trust, 0) as trust,
    coalesce(t.verified, 0) as verified,
    lead(v.place) over (
      partition by v.customer_id, v.attribute, v.source, v.source_customer_id order by v.place
    ) as next_place,
    v.is_last or a.first <> 'recent' as is_weighed
  from value v
  join attribute a on a.attribute = v.attribute
  left join source_trust t on t.source = v.source and t.attribute = v.attribute
  where v.value is not null
)
select * from candidate
