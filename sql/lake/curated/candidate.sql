-- The values that contradict each other: what each person record of the customer stated, until it stated something else.
-- Grain: one row per customer, contested attribute and version that states it (customer_id, attribute, place)
-- Reads: statement, stated_attribute, person_version, source_trust
with
contested as (
  select customer_id, attribute from stated_attribute where is_contested
),
version as (
  select customer_id, place, source, source_customer_id from person_version
),
stated as (
  select s.customer_id, s.attribute, s.place, s.value, v.source, v.source_customer_id
  from statement s
  join contested c on c.customer_id = s.customer_id and c.attribute = s.attribute
  join version v on v.customer_id = s.customer_id and v.place = s.place
),
candidate as (
  select s.customer_id, s.attribute, s.place, s.value,
    coalesce(t.trust, 0) as trust,
    coalesce(t.verified, 0) as verified,
    lead(s.place) over (
      partition by s.customer_id, s.attribute, s.source, s.source_customer_id order by s.place
    ) as next_place
  from stated s
  left join source_trust t on t.source = s.source and t.attribute = s.attribute
)
select * from candidate
