-- How old was the newest sale and the newest event when the last run took them?
-- One row per fact. hours is from its own time to the run's.
-- Reads fact_sales, fact_clickstream, load_manifest.
with newest as (
  select 'fact_sales' as table_name, max(transaction_at) as newest_at from fact_sales
  union all
  select 'fact_clickstream', max(event_at) from fact_clickstream
),
run as (
  select max(run_at) as run_at from load_manifest
)
select n.table_name, n.newest_at, round(datediff(minute, n.newest_at, r.run_at) / 60.0, 1) as hours
from newest n
cross join run r
where n.newest_at is not null
order by n.table_name
