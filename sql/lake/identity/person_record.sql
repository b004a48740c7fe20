-- Person records as they are now: what an earlier version stated, such as a typing error since corrected, ties nothing.
-- `person_id` is the record's name everywhere in identity.
-- Grain: one row per person record (source, source_customer_id)
-- Reads: clean.customer
with
-- Most have one version, and what is not ranked is not sorted.
changed_customer as (
  select source, source_customer_id from clean_customer group by source, source_customer_id having count(*) > 1
),
ranked as (
  select c.source, c.source_customer_id, c.email, c.phone, c.first_name, c.last_name, c.birth_on, c.street,
    c.postal_code, c.city,
    row_number() over (partition by c.source, c.source_customer_id order by c.updated_at desc, c.record_id) as recency
  from clean_customer c
  join changed_customer g on g.source = c.source and g.source_customer_id = c.source_customer_id
),
latest as (
  select source, source_customer_id, email, phone, first_name, last_name, birth_on, street, postal_code, city
  from ranked where recency = 1
  union all
  select c.source, c.source_customer_id, c.email, c.phone, c.first_name, c.last_name, c.birth_on, c.street,
    c.postal_code, c.city
  from clean_customer c
  left join changed_customer g on g.source = c.source and g.source_customer_id = c.source_customer_id
  where g.source is null
),
person_record as (
  select concat_ws(':', source, source_customer_id) as person_id, source, source_customer_id, email, phone,
    first_name, last_name, birth_on, street, postal_code, city
  from latest
)
select * from person_record
