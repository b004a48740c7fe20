-- What is compared of a person record: texts in small plain letters without accents and separators, dates in digits,
-- identifiers only where they may identify. A value that says nothing is null, and null is evidence of nothing.
-- Grain: one row per person record (person_id)
-- Reads: described_record, held_identifier, plain_text
with
telling_email as (
  select identifier from held_identifier where identifier_type = 'email' and not is_common
),
telling_phone as (
  select identifier from held_identifier where identifier_type = 'phone' and not is_common
),
plain as (
  select r.person_id, r.number, r.source, e.identifier as email, p.identifier as phone,
    date_format(r.birth_on, 'yyyyMMdd') as birth_on,
    coalesce(p1.plain, regexp_replace(lower(r.first_name), :separators, '')) as first_name,
    coalesce(p2.plain, regexp_replace(lower(r.last_name), :separators, '')) as last_name,
    coalesce(p3.plain, regexp_replace(lower(r.street), :separators, '')) as street,
    coalesce(p4.plain, regexp_replace(lower(r.postal_code), :separators, '')) as postal_code,
    coalesce(p5.plain, regexp_replace(lower(r.city), :separators, '')) as city
  from described_record r
  left join telling_email e on e.identifier = r.email
  left join telling_phone p on p.identifier = r.phone
  left join plain_text p1 on p1.stated = r.first_name
  left join plain_text p2 on p2.stated = r.last_name
  left join plain_text p3 on p3.stated = r.street
  left join plain_text p4 on p4.stated = r.postal_code
  left join plain_text p5 on p5.stated = r.city
),
stated as (
  select person_id, number, source, email, phone,
    case when first_name not in :blocked_values then first_name end as first_name,
    case when last_name not in :blocked_values then last_name end as last_name,
    birth_on,
    case when street not in :blocked_values then street end as street,
    case when postal_code not in :blocked_values then postal_code end as postal_code,
    case when city not in :blocked_values then city end as city
  from plain
),
person_feature as (
  select s.*,
    regexp_extract(s.email, '^([^@+]+)', 1) as email_user,
    case when s.first_name is not null and s.last_name is not null
      then concat_ws(' ', least(s.first_name, s.last_name), greatest(s.first_name, s.last_name)) end as names,
    substring(s.first_name, 1, 3) as first_start,
    substring(s.last_name, 1, 3) as last_start,
    substring(s.first_name, 1, 1) as first_initial,
    substring(s.last_name, 1, 1) as last_initial,
    substring(s.birth_on, 1, 4) as birth_year,
    substring(s.birth_on, 5, 4) as birth_day,
    substring(s.street, 1, 6) as street_start,
    nullif(regexp_extract(s.street, '[0-9]+', 0), '') as house_number,
    regexp_replace(s.street, '[0-9]+', '') as way,
    case when s.birth_on is not null
      then concat_ws('', substring(s.birth_on, 1, 4), substring(s.birth_on, 7, 2), substring(s.birth_on, 5, 2))
      end as birth_turned,
    case when s.postal_code is not null and s.city is not null then concat_ws(' ', s.postal_code, s.city) end as place
  from stated s
)
select * from person_feature
