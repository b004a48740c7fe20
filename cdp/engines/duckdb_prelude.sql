-- Spark's names and meanings on DuckDB, so that one SQL text runs on both. Every macro has rows in the expression
-- matrix (tests/engines); what cannot be repaired here is forbidden by the lint.
set TimeZone = 'UTC';
set default_null_order = 'nulls_first_on_asc_last_on_desc';
set integer_division = false;
create type timestamp_ltz as timestamptz;
create macro sha2(x, n) as case n when 256 then sha256(x) else error('sha2: only 256 bits are mapped') end;
create macro conv(x, f, t) as case when f = 16 and t = 10 then cast(cast('0x' || x as bigint) as varchar) else error('conv: only 16 to 10 is mapped') end;
-- In whole numbers: a double cannot hold the microseconds of far times, and // cuts where Spark rounds down.
create macro unix_micros(x) as epoch_us(x);
create macro unix_millis(x) as (epoch_us(x) - ((epoch_us(x) % 1000) + 1000) % 1000) // 1000;
create macro unix_seconds(x) as (epoch_us(x) - ((epoch_us(x) % 1000000) + 1000000) % 1000000) // 1000000;
create macro date_format(x, f) as case f
  when 'yyyyMMdd' then strftime(cast(x as timestamp), '%Y%m%d')
  when 'yyyy-MM-dd' then strftime(cast(x as timestamp), '%Y-%m-%d')
  when 'yyyy-MM' then strftime(cast(x as timestamp), '%Y-%m')
  when 'HH' then strftime(cast(x as timestamp), '%H')
  else error(concat('date_format: format not mapped: ', f)) end;
create macro regexp_replace(s, p, r) as system.main.regexp_replace(s, p, r, 'g');
create macro sequence(a, b, i) as list_transform(generate_series(a, b, i), lambda day: cast(day as date));
create macro explode(x) as unnest(x);
create macro dayofweek(x) as system.main.dayofweek(x) + 1;
create macro weekday(x) as isodow(x) - 1;
create macro nvl(a, b) as coalesce(a, b);
create macro pmod(a, b) as ((a % b) + b) % b;
create macro datediff(a, b) as date_diff('day', cast(b as date), cast(a as date));
create macro date_add(d, n) as cast(cast(d as date) + cast(n as integer) as date);
create macro add_months(d, n) as cast(cast(d as date) + to_months(n) as date);
-- Spark trims spaces only, DuckDB every kind of blank.
create macro trim(x) as system.main.trim(x, ' ');
create macro startswith(a, b) as starts_with(a, b);
create macro endswith(a, b) as ends_with(a, b);
create macro element_at(x, n) as list_extract(x, n);
