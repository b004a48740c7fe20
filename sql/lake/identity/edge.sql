-- Which person records an identifier ties: each to the first one of the identifier, which connects the same records as
-- every pair would.
-- Grain: one row per pair of person records (left_id < right_id)
-- Reads: person_identifier
with
tied as (
  select distinct first_person_id as left_id, person_id as right_id from person_identifier
  where person_id <> first_person_id
),
edge as (
  select left_id, right_id, cast(1 as double) as match_probability, :rule_version as rule_version from tied
)
select * from edge
