-- What ties a person record to others: identifiers that it shares.
-- Grain: one row per person record that shares an identifier
-- Reads: person_identifier
with
shared as (
  select person_id, identifier_type from person_identifier where count_person_records > 1
),
matched as (
  select person_id,
    concat_ws(
      ',',
      max(case when identifier_type = 'email' then 'email' end),
      max(case when identifier_type = 'phone' then 'phone' end)
    ) as matched_by
  from shared
  group by person_id
)
select * from matched
