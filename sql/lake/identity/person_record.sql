-- Person records as they are now: what an earlier version stated, such as a typing error since corrected, ties nothing.
-- `person_id` is the record's name everywhere in identity.
-- Grain: one row per person record (source, source_customer_id)
-- Reads: clean.customer
with
customer as (
  select source, source_customer_id, email, phone, first_name, last_name, birth_on, street, postal_code, city,
    updated_at, record_id
  from clean_customer
),
ranked as (
  select *, row_number() over (partition by source, source_customer_id order by updated_at desc, record_id) as recency
  from customer
),
person_record as (
  select concat_ws(':', source, source_customer_id) as person_id, source, source_customer_id, email, phone,
    first_name, last_name, birth_on, street, postal_code, city
  from ranked
  where recency = 1
)
select * from person_record
