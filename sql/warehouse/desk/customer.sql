-- All there is to know of a customer at a glance: who, value, recency, channels, consent, last contact.
-- One row, or none. Parameter: customer_id.
-- Reads customer_360, customer_profile.
select c.*, p.birth_on, p.street, p.postal_code
from customer_360 c
join customer_profile p on p.customer_id = c.customer_id
where c.customer_id = %s
