-- How much do we know of our customers: which share of them has each part of a profile?
-- One row; count_customers, and how many of them have the part. An address is whole: street, postal code, city, country.
-- Reads dim_customer, fact_sales, fact_session.
with buyer as (
  select distinct customer_id from fact_sales where customer_id is not null
),
visitor as (
  select distinct customer_id from fact_session where customer_id is not null
)
select
  count(*) as count_customers,
  count(case when c.first_name is not null and c.last_name is not null then 1 end) as count_name,
  count(c.email) as count_email,
  count(c.phone) as count_phone,
  count(case when c.street is not null and c.postal_code is not null and c.city is not null and c.country is not null
    then 1 end) as count_address,
  count(c.birth_on) as count_birth,
  count(c.has_marketing_consent) as count_consent,
  count(b.customer_id) as count_purchases,
  count(v.customer_id) as count_behaviour
from dim_customer c
left join buyer b on b.customer_id = c.customer_id
left join visitor v on v.customer_id = c.customer_id
where c.is_current and c.customer_key <> -1
