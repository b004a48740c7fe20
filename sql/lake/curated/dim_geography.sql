-- Where customers live and events come from: every country and city that is known of one, each country once without city.
-- Grain: one row per country and city (country, city), and -1 for unknown
-- Reads: curated.golden_record, clean.clickstream_event
with
stated as (
  select country, coalesce(city, 'unknown') as city from curated_golden_record where country is not null
  union all
  select country, 'unknown' as city from curated_golden_record where country is not null
  union all
  select country, 'unknown' as city from clean_clickstream_event where country is not null
),
place as (
  select distinct country, city from stated
),
known as (
  select cast(conv(substring(md5(concat_ws('|', country, city)), 1, 15), 16, 10) as bigint) as geography_key,
    country, city, city <> 'unknown' as is_city
  from place
),
unknown as (
  select -1 as geography_key, cast(null as string) as country, 'unknown' as city, false as is_city
)
select * from known
union all
select * from unknown
