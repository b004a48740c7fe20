-- A warehouse with {facts} facts: synthetic, but with the shapes that matter: skewed customers and products, guests,
-- refunds, sessions of ten events.
insert into dim_date select strftime(d, '%Y%m%d')::int, d::date, year(d), quarter(d), month(d), date_trunc('month', d),
  day(d), isoyear(d), week(d), isodow(d), isodow(d) > 5
  from generate_series(date '2024-01-01', date '2027-12-31', interval 1 day) t (d);
insert into dim_channel values (-1, 'unknown', 'unknown', false), (1, 'web', 'online', true),
  (2, 'mobile_app', 'online', true), (3, 'store', 'offline', false);
insert into dim_geography select i, chr(65 + (i % 20)::int) || 'X', 'town ' || i, true from range(1, 400) t (i)
  union all select -1, null, 'unknown', false;
insert into dim_product by name select i as product_key, 'P' || i as product_id, 'product ' || i as name,
  'category ' || i % 25 as category, 'EUR' as currency, true as is_active, timestamp '1900-01-01' as valid_from,
  timestamp '9999-12-31' as valid_to, true as is_current from range(1, {products}) t (i);
insert into dim_customer by name select i as customer_key, 'c' || i as customer_id, i % 2 = 0 as has_marketing_consent,
  timestamp '1900-01-01' as valid_from, timestamp '9999-12-31' as valid_to, true as is_current
  from range(1, {customers}) t (i);
insert into fact_sales by name
with drawn as (
  select i, i // 2 as basket, hash(i // 2) as h,
    1 + (power(hash(i) % 1000000 / 1e6, 2) * ({products} - 2))::int as product,
    1 + (power(hash(i // 2) % 1000000 / 1e6, 2) * ({customers} - 2))::int as customer, i % 50 = 0 as is_refund
  from range({facts} // 2) t (i)
), dated as (
  select *, timestamp '2024-03-01' + to_seconds((h % 63000000)::bigint) as sold_at from drawn
)
select i as sales_key, 'T' || basket || case when is_refund then 'R' else '' end as transaction_id, i as line_number,
  strftime(sold_at, '%Y%m%d')::int as date_key, customer as customer_key, product as product_key, 1 + h % 3 as channel_key,
  1 + customer % 398 as geography_key, case when h % 10 > 0 then 'c' || customer end as customer_id,
  'P' || product as product_id, sold_at as transaction_at, is_refund, case when is_refund then -1 else 1 end as quantity,
  case when is_refund then -1 else 1 end * (500 + hash(i) % 20000)::bigint as net_cents, net_cents as gross_cents,
  0 as discount_cents, 0 as tax_cents, 'EUR' as currency, date_trunc('month', sold_at)::date as transaction_month from dated;
insert into fact_clickstream by name
with drawn as (
  select i, i // 10 as session, hash(i // 10) as h, 1 + i % 10 as n from range({facts} // 2) t (i)
)
select i as event_key, 'm' || i as message_id, 20260301 as date_key, -1 as customer_key, -1 as product_key,
  1 + h % 2 as channel_key, -1 as geography_key, 'a' || h % {customers} as anonymous_id, 's' || session as session_id,
  n as session_event_number, timestamp '2026-03-01' + to_seconds((h % 2000000)::bigint) as event_at,
  'track' as event_type, date '2026-03-01' as event_on,
  case when n > 1 + h % 10 then null else (['Visit', 'Product Viewed', 'Product Added', 'Checkout Started',
    'Order Completed'])[1 + (hash(i) % 5)::int] end as event_name from drawn;
