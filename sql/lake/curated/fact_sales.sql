-- What was bought and refunded, by whom (as they were then), what (as it was then) and where.
-- Grain: one row per transaction line (transaction_id, line_number), at its latest version
-- Reads: sales_line, bridge_customer_identity, dim_customer, dim_product, dim_date, dim_channel,
-- dim_geography
with
line as (
  select *,
    case when source_customer_id is not null then concat_ws(':', customer_source, source_customer_id) end as buyer_id
  from sales_line
),
buyer as (
  select identifier, customer_id from bridge_customer_identity where identifier_type = 'source_customer_id'
),
fact_sales as (
  select
    cast(conv(substring(md5(
      concat_ws('|', l.transaction_id, cast(l.line_number as string))
    ), 1, 15), 16, 10) as bigint) as sales_key,
    l.transaction_id, l.line_number,
    coalesce(d.date_key, -1) as date_key,
    coalesce(c.customer_key, -1) as customer_key,
    coalesce(p.product_key, -1) as product_key,
    coalesce(h.channel_key, -1) as channel_key,
    coalesce(g.geography_key, -1) as geography_key,
    b.customer_id, l.customer_source, l.source_customer_id, l.product_id,
    l.transaction_at, l.is_refund, l.quantity, l.gross_cents, l.discount_cents, l.tax_cents,
    l.net_cents, l.currency, l.transaction_month,
    l.coupon_code
  from line l
  left join buyer b on b.identifier = l.buyer_id
  left join dim_customer c
    on c.customer_id = b.customer_id and l.transaction_at >= c.valid_from and l.transaction_at < c.valid_to
  left join dim_product p
    on p.product_id = l.product_id and l.transaction_at >= p.valid_from and l.transaction_at < p.valid_to
  left join dim_date d on d.date_on = cast(l.transaction_at as date)
  left join dim_channel h on h.channel = l.channel
  left join dim_geography g on g.country = c.country and g.city = coalesce(c.city, 'unknown')
)
select * from fact_sales
