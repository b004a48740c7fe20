-- E-mail addresses and phones that may tie person records: not blocked, and not shared by too many.
-- Grain: one row per person record and identifier (person_id, identifier_type, identifier)
-- Reads: person_record, held_identifier
with
tying as (
  select * from held_identifier where not is_common
),
stated as (
  select person_id, 'email' as identifier_type, email as identifier from person_record
  union all
  select person_id, 'phone' as identifier_type, phone as identifier from person_record
),
person_identifier as (
  select s.person_id, s.identifier_type, s.identifier, t.count_person_records, t.first_person_id
  from stated s
  inner join tying t on t.identifier_type = s.identifier_type and t.identifier = s.identifier
)
select * from person_identifier
