-- Products over time (SCD2) on the catalogue's own time: consecutive equal versions are one, the first holds from ever.
-- Grain: one row per product and validity (product_id, valid_from), and -1 for unknown
-- Reads: clean.product
with
product as (
  select product_id, updated_at, name, category, brand, price_cents as list_price_cents, currency, is_active
  from clean_product
),
compared as (
  select *,
    row_number() over in_time = 1 as is_first,
    name is distinct from lag(name) over in_time
    or category is distinct from lag(category) over in_time
    or brand is distinct from lag(brand) over in_time
    or list_price_cents is distinct from lag(list_price_cents) over in_time
    or currency is distinct from lag(currency) over in_time
    or is_active is distinct from lag(is_active) over in_time as is_changed
  from product
  window in_time as (partition by product_id order by updated_at)
),
dated as (
  select *,
    case when is_first then cast('1900-01-01 00:00:00+00:00' as timestamp_ltz) else updated_at end as valid_from
  from compared
  where is_first or is_changed
),
bounded as (
  select *, lead(valid_from) over (partition by product_id order by valid_from) as next_from from dated
),
known as (
  select
    cast(conv(substring(md5(
      concat_ws('|', product_id, cast(unix_micros(valid_from) as string))
    ), 1, 15), 16, 10) as bigint) as product_key,
    product_id, name, category, brand, list_price_cents, currency, is_active, valid_from,
    coalesce(next_from, cast('9999-12-31 00:00:00+00:00' as timestamp_ltz)) as valid_to,
    next_from is null as is_current
  from bounded
),
unknown as (
  select -1 as product_key, 'unknown' as product_id, 'unknown' as name, 'unknown' as category,
    cast(null as string) as brand, cast(null as bigint) as list_price_cents, cast(null as string) as currency,
    cast(null as boolean) as is_active, cast('1900-01-01 00:00:00+00:00' as timestamp_ltz) as valid_from,
    cast('9999-12-31 00:00:00+00:00' as timestamp_ltz) as valid_to, true as is_current
)
select * from known
union all
select * from unknown
