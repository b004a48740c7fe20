-- E-mail addresses and phones that are not blocked, and how many person records state them: common ones say nothing.
-- Grain: one row per identifier (identifier_type, identifier)
-- Reads: person_record
with
email as (
  select 'email' as identifier_type, email as identifier, count(*) as count_person_records,
    min(person_id) as first_person_id, count(*) > :most_per_email as is_common
  from person_record
  group by email
),
phone as (
  select 'phone' as identifier_type, phone as identifier, count(*) as count_person_records,
    min(person_id) as first_person_id, count(*) > :most_per_phone as is_common
  from person_record
  group by phone
),
held_identifier as (
  select * from email where identifier not in :blocked_values and regexp_extract(identifier, :blocked_email, 0) = ''
  union all
  select * from phone where identifier not in :blocked_values and regexp_extract(identifier, :blocked_phone, 0) = ''
)
select * from held_identifier
