-- Where each value of the current golden record comes from; an attribute nobody ever stated has no row.
-- Grain: one row per customer and attribute (customer_id, attribute)
-- Reads: person_version
with
stated as (
  select customer_id, place, 'email' as attribute from person_version where email is not null
  union all
  select customer_id, place, 'phone' as attribute from person_version where phone is not null
  union all
  select customer_id, place, 'first_name' as attribute from person_version where first_name is not null
  union all
  select customer_id, place, 'last_name' as attribute from person_version where last_name is not null
  union all
  select customer_id, place, 'birth_on' as attribute from person_version where birth_on is not null
  union all
  select customer_id, place, 'street' as attribute from person_version where street is not null
  union all
  select customer_id, place, 'postal_code' as attribute from person_version where postal_code is not null
  union all
  select customer_id, place, 'city' as attribute from person_version where city is not null
  union all
  select customer_id, place, 'country' as attribute from person_version where country is not null
  union all
  select customer_id, place, 'has_marketing_consent' as attribute from person_version
  where has_marketing_consent is not null
),
latest as (
  select customer_id, attribute, max(place) as place from stated group by customer_id, attribute
),
golden_record_provenance as (
  select l.customer_id, l.attribute, v.source, v.source_customer_id, v.record_id, v.updated_at as stated_at,
    'most_recent' as rule
  from latest l
  join person_version v on v.customer_id = l.customer_id and v.place = l.place
)
select * from golden_record_provenance
