-- When was each table last loaded, and what did the load bring?
-- One row per table. run_at is the time the run was scheduled for, loaded_at when its rows became visible.
-- Reads load_manifest.
with latest as (
  select *, row_number() over (partition by table_name order by load_number desc) as place from load_manifest
)
select table_name, run_at, loaded_at, kind, upserted, deleted, total
from latest
where place = 1
order by table_name
