-- Which kinds of query took most of the warehouse's time in the last week? One row per shape of a query, whatever its
-- literals. Reads sys_query_history, whose times are in microseconds.
-- schedule: cron(30 9 ? * SUN *)
with shape as (
  select
    generic_query_hash,
    count(*) as count_runs,
    count(distinct user_id) as count_users,
    sum(execution_time) as execution_us,
    max(execution_time) as longest_us,
    sum(case when result_cache_hit then 1 else 0 end) as count_from_cache,
    sum(case when status = 'failed' then 1 else 0 end) as count_failed,
    max(substring(query_text, 1, 200)) as example
  from sys_query_history
  where start_time > dateadd(day, -7, getdate()) and query_type in ('SELECT', 'INSERT', 'COPY', 'UNLOAD', 'CTAS', 'MERGE')
  group by generic_query_hash
)
select
  generic_query_hash,
  count_runs,
  count_users,
  round(execution_us / 1000000.0, 1) as execution_s,
  round(longest_us / 1000000.0, 1) as longest_s,
  round(100.0 * execution_us / nullif(sum(execution_us) over (), 0), 1) as percent_of_all,
  count_from_cache,
  count_failed,
  example
from shape
order by execution_us desc, generic_query_hash
limit 50;
