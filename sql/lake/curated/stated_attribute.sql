-- Which attributes anybody ever stated of a customer, where last, and whether all agree.
-- Grain: one row per customer and attribute (customer_id, attribute)
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
stated_attribute as (
  select customer_id, attribute, max(place) as place, min(value) <> max(value) as is_contested
  from value
  where value is not null
  group by customer_id, attribute
)
select * from stated_attribute
