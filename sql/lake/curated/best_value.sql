-- What was best known of a customer after each change: per attribute the most recent value that anybody stated. A later
-- version that says nothing about an attribute leaves it as it was.
-- Grain: one row per customer and instant at which one of its person records changed (customer_id, changed_at)
-- Reads: person_version
with
running as (
  select customer_id, place, updated_at as changed_at,
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
    sum(case when version_number = 1 then 1 else 0 end) over so_far as count_person_records,
    row_number() over (partition by customer_id, updated_at order by place desc) as from_last
  from person_version
  window so_far as (partition by customer_id order by place rows between unbounded preceding and current row)
),
best_value as (
  select * from running where from_last = 1
)
select * from best_value
