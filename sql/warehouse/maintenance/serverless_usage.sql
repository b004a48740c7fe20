-- What did Redshift Serverless charge per day, and is a day far above the others? One row per day of the last four
-- weeks. Reads sys_serverless_usage: charged_seconds are RPU-seconds, of which 3600 are an RPU-hour. The limit that
-- stops queries is the workgroup's usage limit in terraform/modules/warehouse.
-- schedule: cron(30 7 * * ? *)
with daily as (
  select
    cast(start_time as date) as day_on,
    sum(charged_seconds) / 3600.0 as charged_rpu_hours,
    sum(compute_seconds) / 3600.0 as computed_rpu_hours,
    max(compute_capacity) as highest_capacity,
    max(data_storage) as storage_mb
  from sys_serverless_usage
  where start_time > dateadd(day, -28, getdate())
  group by cast(start_time as date)
),
compared as (
  select *, avg(charged_rpu_hours) over () as mean_rpu_hours from daily
)
select
  day_on,
  round(charged_rpu_hours, 2) as charged_rpu_hours,
  round(computed_rpu_hours, 2) as computed_rpu_hours,
  highest_capacity,
  storage_mb,
  charged_rpu_hours > 2 * mean_rpu_hours as is_unusual
from compared
order by day_on desc;
