-- One round of contraction, second half: links between the chosen labels; those inside one label are done.
-- Grain: one row per ordered pair (label, neighbour)
-- Reads: link, nearest_label
with
next_link as (
  select distinct a.next_label as label, b.next_label as neighbour
  from link l
  join nearest_label a on a.label = l.label
  join nearest_label b on b.label = l.neighbour
  where a.next_label <> b.next_label
)
select * from next_link
