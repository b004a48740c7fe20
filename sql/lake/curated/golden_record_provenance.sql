-- Where each value of the current golden record comes from, why it won and who came second; an attribute nobody ever
-- stated has no row.
-- Grain: one row per customer and attribute (customer_id, attribute)
-- Reads: stated_attribute, contest, person_version
with
last_contest as (
  select c.*
  from contest c
  join stated_attribute s on s.customer_id = c.customer_id and s.attribute = c.attribute and s.place = c.place
),
chosen as (
  select customer_id, attribute, place as winner_place, cast(null as bigint) as runner_up_place,
    cast(1 as bigint) as count_values, 'only' as rule
  from stated_attribute
  where not is_contested
  union all
  select customer_id, attribute, winner_place, runner_up_place, count_values, rule from last_contest
),
version as (
  select customer_id, place, source, source_customer_id, record_id, updated_at from person_version
),
golden_record_provenance as (
  select c.customer_id, c.attribute, w.source, w.source_customer_id, w.record_id, w.updated_at as stated_at, c.rule,
    c.count_values, r.source as runner_up_source, r.source_customer_id as runner_up_source_customer_id,
    r.record_id as runner_up_record_id, :survivorship_version as survivorship_version
  from chosen c
  join version w on w.customer_id = c.customer_id and w.place = c.winner_place
  left join version r on r.customer_id = c.customer_id and r.place = c.runner_up_place
)
select * from golden_record_provenance
