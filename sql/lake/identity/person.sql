-- Which customer each person record is.
-- Grain: one row per person record (source, source_customer_id)
-- Reads: person_record, membership, founder, matched
with
person as (
  select r.source, r.source_customer_id, f.customer_id, m.matched_by, :rule_version as rule_version, r.person_id
  from person_record r
  join membership b on b.person_id = r.person_id
  join founder f on f.cluster_id = b.cluster_id
  left join matched m on m.person_id = r.person_id
)
select * from person
