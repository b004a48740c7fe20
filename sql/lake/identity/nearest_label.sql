-- One round of contraction, first half: every label chooses the smallest among itself and its neighbours, in an order
-- shuffled anew each round, so that no shape of links (a chain above all) can make the rounds many.
-- Method: Bögeholz, Brand, Todor, "In-database connected component analysis" (ICDE 2020).
-- Grain: one row per label that still has a neighbour
-- Reads: link
with
shuffled as (
  select label, md5(concat_ws(':', :round, label)) as own, md5(concat_ws(':', :round, neighbour)) as adjacent from link
),
nearest_label as (
  select label, least(min(own), min(adjacent)) as next_label from shuffled group by label
)
select * from nearest_label
