-- Which queries took more than half a minute in the last day, and what did they wait for? One row per query, the
-- longest first. Reads sys_query_history, whose times are in microseconds.
-- schedule: cron(0 7 * * ? *)
select
  query_id,
  user_id,
  query_type,
  status,
  start_time,
  round(elapsed_time / 1000000.0, 1) as elapsed_s,
  round(queue_time / 1000000.0, 1) as queue_s,
  round(lock_wait_time / 1000000.0, 1) as lock_wait_s,
  round(compile_time / 1000000.0, 1) as compile_s,
  round(execution_time / 1000000.0, 1) as execution_s,
  returned_rows,
  substring(query_text, 1, 200) as query_start
from sys_query_history
where start_time > dateadd(day, -1, getdate()) and elapsed_time > 30000000
order by elapsed_time desc, query_id
limit 100;
