-- Who each customer is named after: the person record of its cluster that the platform could have known first, which is
-- when its source first knew it, but not before that source was connected (docs/decisions/0006).
-- Grain: one row per cluster (cluster_id)
-- Reads: clean.customer, connected_source, membership
with
created as (
  select source, concat_ws(':', source, source_customer_id) as person_id, min(created_at) as created_at
  from clean_customer
  group by source, source_customer_id
),
dated as (
  select c.person_id, c.created_at, greatest(c.created_at, coalesce(s.connected_at, c.created_at)) as known_at
  from created c
  left join connected_source s on s.source = c.source
),
ranked as (
  select m.cluster_id, d.person_id,
    row_number() over (partition by m.cluster_id order by d.known_at, d.created_at, d.person_id) as seniority
  from membership m
  join dated d on d.person_id = m.person_id
),
founder as (
  select cluster_id, concat_ws('_', 'c', substring(md5(person_id), 1, 24)) as customer_id
  from ranked
  where seniority = 1
)
select * from founder
