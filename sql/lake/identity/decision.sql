-- What counts of a steward's decisions: the latest about each pair.
-- Grain: one row per pair of person records (left_id, right_id)
-- Reads: steward_decision
with
ranked as (
  select left_id, right_id, is_same,
    row_number() over (partition by left_id, right_id order by decided_at desc, decision_id) as recency
  from steward_decision
),
decision as (
  select left_id, right_id, is_same from ranked where recency = 1
)
select * from decision
