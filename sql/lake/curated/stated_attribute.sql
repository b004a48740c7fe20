-- Which attributes anybody ever stated of a customer of several versions, where last, and whether all agree.
-- Grain: one row per customer that has several versions and attribute (customer_id, attribute)
-- Reads: person_version, attribute
with
customer as (
  select customer_id,
    max(case when email is not null then place end) as email, min(email) <> max(email) as is_email_contested,
    max(case when phone is not null then place end) as phone, min(phone) <> max(phone) as is_phone_contested,
    max(case when first_name is not null then place end) as first_name,
    min(first_name) <> max(first_name) as is_first_name_contested,
    max(case when last_name is not null then place end) as last_name,
    min(last_name) <> max(last_name) as is_last_name_contested,
    max(case when birth_on is not null then place end) as birth_on,
    min(birth_on) <> max(birth_on) as is_birth_on_contested,
    max(case when street is not null then place end) as street, min(street) <> max(street) as is_street_contested,
    max(case when postal_code is not null then place end) as postal_code,
    min(postal_code) <> max(postal_code) as is_postal_code_contested,
    max(case when city is not null then place end) as city, min(city) <> max(city) as is_city_contested,
    max(case when country is not null then place end) as country, min(country) <> max(country) as is_country_contested,
    max(case when has_marketing_consent is not null then place end) as has_marketing_consent,
    min(has_marketing_consent) <> max(has_marketing_consent) as is_has_marketing_consent_contested
  from person_version
  where not is_alone
  group by customer_id
),
attribute_of_customer as (
  select c.customer_id, a.attribute,
    case a.attribute
      when 'email' then c.email
      when 'phone' then c.phone
      when 'first_name' then c.first_name
      when 'last_name' then c.last_name
      when 'birth_on' then c.birth_on
      when 'street' then c.street
      when 'postal_code' then c.postal_code
      when 'city' then c.city
      when 'country' then c.country
      when 'has_marketing_consent' then c.has_marketing_consent
    end as place,
    case a.attribute
      when 'email' then c.is_email_contested
      when 'phone' then c.is_phone_contested
      when 'first_name' then c.is_first_name_contested
      when 'last_name' then c.is_last_name_contested
      when 'birth_on' then c.is_birth_on_contested
      when 'street' then c.is_street_contested
      when 'postal_code' then c.is_postal_code_contested
      when 'city' then c.is_city_contested
      when 'country' then c.is_country_contested
      when 'has_marketing_consent' then c.is_has_marketing_consent_contested
    end as is_contested
  from customer c
  cross join attribute a
),
stated_attribute as (
  select * from attribute_of_customer where place is not null
)
select * from stated_attribute
