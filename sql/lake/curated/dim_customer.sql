-- Customers over time (SCD2): the golden record under a surrogate key, and the unknown member.
-- Grain: one row per customer and validity (customer_id, valid_from), and -1
-- Reads: curated.golden_record
with
golden_record as (
  select * from curated_golden_record
),
known as (
  select
    cast(conv(substring(md5(
      concat_ws('|', customer_id, cast(unix_micros(valid_from) as string))
    ), 1, 15), 16, 10) as bigint) as customer_key,
    customer_id, email, phone, first_name, last_name, birth_on, street, postal_code, city, country,
    has_marketing_consent, created_at, valid_from, valid_to, is_current
  from golden_record
),
unknown as (
  select -1 as customer_key, 'unknown' as customer_id,
    cast(null as string) as email, cast(null as string) as phone, cast(null as string) as first_name,
    cast(null as string) as last_name, cast(null as date) as birth_on, cast(null as string) as street,
    cast(null as string) as postal_code, cast(null as string) as city, cast(null as string) as country,
    cast(null as boolean) as has_marketing_consent, cast(null as timestamp_ltz) as created_at,
    cast('1900-01-01 00:00:00+00:00' as timestamp_ltz) as valid_from,
    cast('9999-12-31 00:00:00+00:00' as timestamp_ltz) as valid_to, true as is_current
)
select * from known
union all
select * from unknown
