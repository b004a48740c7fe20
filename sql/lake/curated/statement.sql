-- What every version of every person record states, one attribute a row.
-- Grain: one row per customer, attribute and version that states it (customer_id, attribute, place)
-- Reads: person_version, attribute
with
version as (
  select customer_id, place, email, phone, first_name, last_name, cast(birth_on as string) as birth_on, street,
    postal_code, city, country, cast(has_marketing_consent as string) as has_marketing_consent
  from person_version
),
value as (
  select v.customer_id, a.attribute, v.place,
    case a.attribute
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
  from version v
  cross join attribute a
),
statement as (
  select * from value where value is not null
)
select * from statement
