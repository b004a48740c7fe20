-- What has a customer done on the web and in the app?
-- One row per event, the latest 100. Parameter: customer_id.
-- Reads fact_clickstream, dim_channel.
select e.event_at, coalesce(e.event_name, e.event_type) as event_name, h.channel, e.url_path, e.device_type, e.product_id
from fact_clickstream e
join dim_channel h on h.channel_key = e.channel_key
where e.customer_id = %s
order by e.event_at desc, e.session_event_number desc, e.message_id
limit 100
