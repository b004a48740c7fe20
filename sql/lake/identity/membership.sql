-- The label each tied person record has at the start: itself.
-- Grain: one row per person record that has a link
-- Reads: link
with
membership as (
  select distinct label as person_id, label from link
)
select * from membership
