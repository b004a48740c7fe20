-- Which tables are not well, and what helps? One row per table of schema public that has a finding. Reads svv_table_info.
-- schedule: cron(0 9 ? * SUN *)
with health as (
  select
    "table" as table_name,
    diststyle,
    sortkey1,
    tbl_rows,
    size as size_mb,
    skew_rows,
    unsorted as percent_unsorted,
    stats_off as percent_statistics_stale,
    vacuum_sort_benefit as percent_faster_when_sorted,
    tbl_rows - estimated_visible_rows as count_deleted_rows
  from svv_table_info
  where schema = 'public'
)
select
  *,
  case
    when skew_rows > 4 and diststyle like 'KEY%' then 'skewed: a slice has far more rows; look for one value of the key'
    when percent_unsorted > 20 and percent_faster_when_sorted > 5 then 'unsorted: run vacuum.sql'
    when count_deleted_rows > 0.2 * tbl_rows then 'full of deleted rows: run vacuum.sql'
    when percent_statistics_stale > 10 then 'statistics are stale: run analyze.sql'
  end as finding
from health
where
  (skew_rows > 4 and diststyle like 'KEY%')
  or (percent_unsorted > 20 and percent_faster_when_sorted > 5)
  or count_deleted_rows > 0.2 * tbl_rows
  or percent_statistics_stale > 10
order by size_mb desc, table_name;
