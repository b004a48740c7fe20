-- One round of contraction: person records follow their label to the one it chose.
-- Grain: one row per person record that has a link
-- Reads: membership, nearest_label
with
next_membership as (
  select m.person_id, coalesce(n.next_label, m.label) as label
  from membership m
  left join nearest_label n on n.label = m.label
)
select * from next_membership
