-- What people asked the helpdesk, as it last stated it.
-- Grain: one row per ticket (ticket_id)
-- Reads: clean.support_ticket, stated_customer, dim_customer, dim_date, dim_channel
with
stated as (
  select *, row_number() over (partition by ticket_id order by updated_at desc, record_id) as recency
  from clean_support_ticket
),
who as (
  select record_id, customer_id from stated_customer where dataset = 'support_ticket'
),
ticket as (
  select s.*, w.customer_id
  from stated s
  left join who w on w.record_id = s.record_id
  where s.recency = 1
),
fact_support_ticket as (
  select
    cast(conv(substring(md5(t.ticket_id), 1, 15), 16, 10) as bigint) as ticket_key,
    t.ticket_id,
    coalesce(d.date_key, -1) as date_key,
    coalesce(c.customer_key, -1) as customer_key,
    coalesce(h.channel_key, -1) as channel_key,
    t.customer_id, t.topic, t.priority, t.status, t.opened_at, t.first_response_at, t.resolved_at,
    unix_millis(t.first_response_at) - unix_millis(t.opened_at) as first_response_ms,
    unix_millis(t.resolved_at) - unix_millis(t.opened_at) as resolution_ms,
    t.satisfaction_score
  from ticket t
  left join dim_customer c
    on c.customer_id = t.customer_id and t.opened_at >= c.valid_from and t.opened_at < c.valid_to
  left join dim_date d on d.date_on = cast(t.opened_at as date)
  left join dim_channel h on h.channel = t.channel
)
select * from fact_support_ticket
