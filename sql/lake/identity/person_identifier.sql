-- E-mail addresses and phones that may tie person records: not blocked, and not shared by too many.
-- Grain: one row per person record and identifier (person_id, identifier_type, identifier)
-- Reads: person_record
with
email as (
  select person_id, 'email' as identifier_type, email as identifier, :most_per_email as most_person_records
  from person_record
  where email not in :blocked_values and regexp_extract(email, :blocked_email, 0) = ''
),
phone as (
  select person_id, 'phone' as identifier_type, phone as identifier, :most_per_phone as most_person_records
  from person_record
  where phone not in :blocked_values and regexp_extract(phone, :blocked_phone, 0) = ''
),
allowed as (
  select * from email
  union all
  select * from phone
),
shared as (
  select *,
    count(*) over (partition by identifier_type, identifier) as count_person_records,
    min(person_id) over (partition by identifier_type, identifier) as first_person_id
  from allowed
),
person_identifier as (
  select person_id, identifier_type, identifier, count_person_records, first_person_id
  from shared
  where count_person_records <= most_person_records
)
select * from person_identifier
