-- All that a person record's features are made from, in 32 hex digits: while they stay, so do the features.
-- An identifier that too many hold counts as none. `number` is a record's place in the order of person ids, from 0:
-- what numbers can do is not done with texts.
-- Grain: one row per person record (person_id)
-- Reads: person_record, held_identifier
with
common_email as (
  select identifier from held_identifier where identifier_type = 'email' and is_common
),
common_phone as (
  select identifier from held_identifier where identifier_type = 'phone' and is_common
),
hashed as (
  select r.person_id,
    md5(concat_ws(
      chr(31),
      r.source,
      coalesce(r.first_name, chr(30)),
      coalesce(r.last_name, chr(30)),
      coalesce(date_format(r.birth_on, 'yyyyMMdd'), chr(30)),
      coalesce(r.street, chr(30)),
      coalesce(r.postal_code, chr(30)),
      coalesce(r.city, chr(30)),
      case when r.email is null or e.identifier is not null then chr(30) else r.email end,
      case when r.phone is null or p.identifier is not null then chr(30) else r.phone end
    )) as stated
  from person_record r
  left join common_email e on e.identifier = r.email
  left join common_phone p on p.identifier = r.phone
),
stated_record as (
  select person_id, row_number() over (order by person_id) - 1 as number, stated from hashed
)
select * from stated_record
