-- What has happened between a customer and us: visits, orders, refunds, messages, requests?
-- One row per interaction, the latest 100. Parameter: customer_id.
-- Reads customer_interaction.
select interaction_at, interaction_type, channel, subject, amount_cents, currency
from customer_interaction
where customer_id = %s
order by interaction_at desc, interaction_type, reference_id
limit 100
