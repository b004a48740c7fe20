-- Which customer each person record is. A customer is named after the smallest of its person records.
-- Grain: one row per person record (source, source_customer_id)
-- Reads: person_record, membership, person_identifier
with
grouped as (
  select person_id, min(person_id) over (partition by label) as first_person_id from membership
),
matched as (
  select person_id,
    concat_ws(
      ',',
      max(case when identifier_type = 'email' then 'email' end),
      max(case when identifier_type = 'phone' then 'phone' end)
    ) as matched_by
  from person_identifier
  where count_person_records > 1
  group by person_id
),
person as (
  select r.source, r.source_customer_id,
    concat_ws('_', 'c', substring(md5(coalesce(g.first_person_id, r.person_id)), 1, 24)) as customer_id,
    m.matched_by,
    :rule_version as rule_version,
    r.person_id
  from person_record r
  left join grouped g on g.person_id = r.person_id
  left join matched m on m.person_id = r.person_id
)
select * from person
