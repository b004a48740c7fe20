-- The golden record over time: consecutive equal versions are one. The first holds from ever, the last for ever.
-- Grain: one row per customer and validity (customer_id, valid_from)
-- Reads: best_value, person_version
with
compared as (
  select *,
    place = min(place) over (partition by customer_id) as is_first,
    email is distinct from lag(email) over in_time
    or phone is distinct from lag(phone) over in_time
    or first_name is distinct from lag(first_name) over in_time
    or last_name is distinct from lag(last_name) over in_time
    or birth_on is distinct from lag(birth_on) over in_time
    or street is distinct from lag(street) over in_time
    or postal_code is distinct from lag(postal_code) over in_time
    or city is distinct from lag(city) over in_time
    or country is distinct from lag(country) over in_time
    or has_marketing_consent is distinct from lag(has_marketing_consent) over in_time
    or created_at is distinct from lag(created_at) over in_time
    or count_person_records is distinct from lag(count_person_records) over in_time as is_changed
  from best_value
  window in_time as (partition by customer_id order by changed_at)
),
dated as (
  select *,
    case when is_first then cast('1900-01-01 00:00:00+00:00' as timestamp_ltz) else changed_at end as valid_from
  from compared
  where is_first or is_changed
),
bounded as (
  select *, lead(valid_from) over (partition by customer_id order by valid_from) as next_from from dated
),
of_several as (
  select customer_id, valid_from,
    coalesce(next_from, cast('9999-12-31 00:00:00+00:00' as timestamp_ltz)) as valid_to,
    next_from is null as is_current,
    email, phone, first_name, last_name, birth_on, street, postal_code, city, country, has_marketing_consent,
    created_at, count_person_records
  from bounded
),
of_one as (
  select customer_id,
    cast('1900-01-01 00:00:00+00:00' as timestamp_ltz) as valid_from,
    cast('9999-12-31 00:00:00+00:00' as timestamp_ltz) as valid_to,
    true as is_current,
    email, phone, first_name, last_name, birth_on, street, postal_code, city, country, has_marketing_consent,
    created_at, cast(1 as bigint) as count_person_records
  from person_version
  where is_alone
),
golden_record as (
  select * from of_several
  union all
  select * from of_one
)
select * from golden_record
