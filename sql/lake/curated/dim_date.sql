-- The calendar, from 2015 to :last_day.
-- Grain: one row per day, and -1 for unknown
-- Reads: nothing
with
spread as (
  select explode(sequence(cast('2015-01-01' as date), :last_day, interval 1 day)) as day
),
named as (
  select cast(day as date) as date_on, (dayofweek(day) + 5) % 7 + 1 as iso_weekday from spread
),
calendar as (
  select cast(date_format(date_on, 'yyyyMMdd') as int) as date_key, date_on,
    year(date_on) as year, quarter(date_on) as quarter, month(date_on) as month,
    cast(date_trunc('month', date_on) as date) as month_on, day(date_on) as day_of_month,
    -- A week belongs to the year its Thursday lies in.
    year(date_add(date_on, 4 - iso_weekday)) as iso_year, weekofyear(date_on) as iso_week,
    iso_weekday, iso_weekday >= 6 as is_weekend
  from named
),
unknown as (
  select -1 as date_key, cast(null as date) as date_on, cast(null as int) as year, cast(null as int) as quarter,
    cast(null as int) as month, cast(null as date) as month_on, cast(null as int) as day_of_month,
    cast(null as int) as iso_year, cast(null as int) as iso_week, cast(null as int) as iso_weekday,
    cast(null as boolean) as is_weekend
)
select * from calendar
union all
select * from unknown
