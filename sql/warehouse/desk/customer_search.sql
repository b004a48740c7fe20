-- Which customers does somebody mean who knows an id, an e-mail address or a part of the name?
-- One row per customer, at most 20, exact finds first. Parameters: the words four times, in lower case.
-- Reads dim_customer.
select
  customer_id,
  first_name,
  last_name,
  email,
  city,
  country,
  case when lower(customer_id) = %s or lower(email) = %s then 0 else 1 end as place
from dim_customer
where
  is_current
  and customer_key <> -1
  and (
    lower(customer_id) = %s
    or strpos(lower(coalesce(first_name, '') || ' ' || coalesce(last_name, '') || ' ' || coalesce(email, '')), %s) > 0
  )
order by place, last_name, first_name, customer_id
limit 20
