-- Which customer each person record is.
-- Grain: one row per person record (source, source_customer_id)
-- Reads: person_record, membership, founder, matched, decision
with
agreed as (
  select left_id as person_id, right_id as other_id from decision where is_same
  union all
  select right_id as person_id, left_id as other_id from decision where is_same
),
by_steward as (
  select distinct a.person_id
  from agreed a
  join membership m on m.person_id = a.person_id
  join membership o on o.person_id = a.other_id and o.cluster_id = m.cluster_id
),
person as (
  select r.source, r.source_customer_id, f.customer_id,
    nullif(concat_ws(',', m.matched_by, case when s.person_id is not null then 'steward' end), '') as matched_by,
    :rule_version as rule_version,
    r.person_id
  from person_record r
  join membership b on b.person_id = r.person_id
  join founder f on f.cluster_id = b.cluster_id
  left join matched m on m.person_id = r.person_id
  left join by_steward s on s.person_id = r.person_id
)
select * from person
