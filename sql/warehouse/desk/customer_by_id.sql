-- Which customer has this id?
-- One row, or none. Parameter: the id in lower case.
-- Reads dim_customer.
select customer_id, first_name, last_name, email, city, country
from dim_customer
where is_current and customer_key <> -1 and lower(customer_id) = %s
