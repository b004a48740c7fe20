-- Every decision of a steward about person records that are there.
-- Grain: one row per decision (decision_id)
-- Reads: pending_decision, identity.steward_decision, clean.customer
with
person as (
  select distinct concat_ws(':', source, source_customer_id) as person_id from clean_customer
),
stated as (
  select decision_id, decided_at, left_id, right_id, is_same, decided_by, reason from identity_steward_decision
  union
  select decision_id, decided_at, left_id, right_id, is_same, decided_by, reason from pending_decision
),
steward_decision as (
  select s.*
  from stated s
  join person l on l.person_id = s.left_id
  join person r on r.person_id = s.right_id
)
select * from steward_decision
