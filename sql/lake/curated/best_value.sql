-- What was best known of a customer after each change: per attribute the value that won by then, where they contradict
-- each other, else the one that was stated. A later version that says nothing about an attribute leaves it as it was.
-- Grain: one row per customer of several versions and instant at which one of its person records changed (customer_id, changed_at)
-- Reads: person_version, contest
with
version as (
  select customer_id, place, updated_at as changed_at, created_at, is_first_of_record, is_alone, email, phone,
    first_name, last_name, birth_on, street, postal_code, city, country, has_marketing_consent
  from person_version
),
won as (
  select customer_id, place,
    max(case when attribute = 'email' then value end) as email,
    max(case when attribute = 'phone' then value end) as phone,
    max(case when attribute = 'first_name' then value end) as first_name,
    max(case when attribute = 'last_name' then value end) as last_name,
    max(case when attribute = 'birth_on' then value end) as birth_on,
    max(case when attribute = 'street' then value end) as street,
    max(case when attribute = 'postal_code' then value end) as postal_code,
    max(case when attribute = 'city' then value end) as city,
    max(case when attribute = 'country' then value end) as country,
    max(case when attribute = 'has_marketing_consent' then value end) as has_marketing_consent
  from contest
  group by customer_id, place
),
known as (
  select v.customer_id, v.place, v.changed_at, v.created_at, v.is_first_of_record,
    coalesce(w.email, v.email) as email,
    coalesce(w.phone, v.phone) as phone,
    coalesce(w.first_name, v.first_name) as first_name,
    coalesce(w.last_name, v.last_name) as last_name,
    coalesce(cast(w.birth_on as date), v.birth_on) as birth_on,
    coalesce(w.street, v.street) as street,
    coalesce(w.postal_code, v.postal_code) as postal_code,
    coalesce(w.city, v.city) as city,
    coalesce(w.country, v.country) as country,
    coalesce(cast(w.has_marketing_consent as boolean), v.has_marketing_consent) as has_marketing_consent
  from version v
  left join won w on w.customer_id = v.customer_id and w.place = v.place
  where not v.is_alone
),
running as (
  select customer_id, place, changed_at,
    max_by(email, case when email is not null then place end) over so_far as email,
    max_by(phone, case when phone is not null then place end) over so_far as phone,
    max_by(first_name, case when first_name is not null then place end) over so_far as first_name,
    max_by(last_name, case when last_name is not null then place end) over so_far as last_name,
    max_by(birth_on, case when birth_on is not null then place end) over so_far as birth_on,
    max_by(street, case when street is not null then place end) over so_far as street,
    max_by(postal_code, case when postal_code is not null then place end) over so_far as postal_code,
    max_by(city, case when city is not null then place end) over so_far as city,
    max_by(country, case when country is not null then place end) over so_far as country,
    max_by(has_marketing_consent, case when has_marketing_consent is not null then place end) over so_far
      as has_marketing_consent,
    min(created_at) over so_far as created_at,
    sum(case when is_first_of_record then 1 else 0 end) over so_far as count_person_records,
    lead(changed_at) over (partition by customer_id order by place) as next_changed_at
  from known
  window so_far as (partition by customer_id order by place rows between unbounded preceding and current row)
),
best_value as (
  select * from running where next_changed_at is distinct from changed_at
)
select * from best_value
