-- Which customer each person record is. A customer is named after the smallest of its person records.
-- Grain: one row per person record (source, source_customer_id)
-- Reads: person_record, membership, matched
with
person as (
  select r.source, r.source_customer_id,
    concat_ws('_', 'c', substring(md5(b.cluster_id), 1, 24)) as customer_id,
    m.matched_by,
    :rule_version as rule_version,
    r.person_id
  from person_record r
  join membership b on b.person_id = r.person_id
  left join matched m on m.person_id = r.person_id
)
select * from person
