"""A warehouse file of any size with the real tables and views, filled with rows that follow a rule, not chance."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb

from cdp.aws.warehouse import Warehouse
from cdp.aws.warehouse_schema import migrate
from cdp.settings import Settings
from localcloud.redshift import RedshiftServer

NAME, EMAIL, PHONE, STREET = "Zarathustra", "who@secret.example", "+4915100000", "Hidden Lane"
PERSONAL = (NAME, EMAIL, PHONE, STREET, "Quarry")
LAST_DAY = "2026-02-28"
# Days go back from the last one; of five sales one is a refund, every hundredth is a guest's.
FILL = f"""
insert into dim_date by name
select cast(strftime(day, '%Y%m%d') as integer) as date_key, day as date_on, year(day) as year,
  quarter(day) as quarter, month(day) as month, date_trunc('month', day) as month_on, day(day) as day_of_month,
  isodow(day) as iso_weekday, isodow(day) > 5 as is_weekend
from (select cast(unnest(generate_series(date '2024-12-01', date '2026-12-31', interval 1 day)) as date) as day);

insert into dim_channel values (-1, 'unknown', 'unknown', false), (1, 'web', 'online', true),
  (2, 'mobile_app', 'online', true), (3, 'store', 'offline', false);

insert into dim_geography values (-1, null, 'unknown', false), (1, 'DE', 'Berlin', true);

insert into dim_customer by name
select n as customer_key, 'c_' || n as customer_id, 'Person' || n || '{EMAIL}' as email, '{PHONE}' || n as phone,
  '{NAME}' || n as first_name, 'Quarry' as last_name, date '1980-01-01' as birth_on, '{STREET} ' || n as street,
  '10115' as postal_code, ['Berlin', 'Lyon', 'Wien'][n % 3 + 1] as city, ['DE', 'FR', 'AT'][n % 3 + 1] as country,
  [true, false, null][n % 3 + 1] as has_marketing_consent, timestamp '2025-01-01' as created_at,
  timestamp '1900-01-01' as valid_from, timestamp '9999-12-31' as valid_to, true as is_current
from range(1, $customers + 1) t(n);
insert into dim_customer by name
select -1 as customer_key, '-1' as customer_id, timestamp '1900-01-01' as valid_from,
  timestamp '9999-12-31' as valid_to, true as is_current;

create temp table sale as
select n, case when n % 100 = 0 then null else (n * 7919) % $customers + 1 end as customer,
  date '{LAST_DAY}' - cast(n % 425 as integer) as day, n % 5 = 4 as is_refund,
  1000 + (n * 104729) % 9000 as cents
from range(0, $sales) t(n);
insert into fact_sales by name
select n as sales_key, 'T' || n as transaction_id, 1 as line_number,
  cast(strftime(day, '%Y%m%d') as integer) as date_key, coalesce(customer, -1) as customer_key, -1 as product_key,
  n % 3 + 1 as channel_key, [-1, 1][n % 2 + 1] as geography_key,
  'c_' || customer as customer_id, 'P' || n % 50 as product_id,
  day + interval 10 hour as transaction_at, is_refund, case when is_refund then -1 else 1 end as quantity,
  case when is_refund then -cents else cents end as gross_cents, 0 as discount_cents, 0 as tax_cents,
  gross_cents as net_cents, 'EUR' as currency, date_trunc('month', day) as transaction_month
from sale;

-- Sessions of six events: what they are follows from their place.
create temp table click as
select n, n // 6 as session, n % 6 + 1 as place, date '{LAST_DAY}' - cast(n // 6 % 425 as integer) as day,
  (n // 6 * 7919) % $customers + 1 as customer
from range(0, $events) t(n);
insert into fact_clickstream by name
select n as event_key, 'm' || n as message_id, cast(strftime(day, '%Y%m%d') as integer) as date_key,
  customer as customer_key, -1 as product_key, session % 2 + 1 as channel_key, -1 as geography_key,
  'c_' || customer as customer_id, 'a' || session as anonymous_id, 's' || session as session_id,
  place as session_event_number, day + interval 9 hour + to_minutes(place) as event_at,
  case when place <= 2 then 'page' else 'track' end as event_type,
  case when place = 3 then 'Product Viewed' when place = 4 and session % 2 = 0 then 'Product Added'
    when place = 5 and session % 4 = 0 then 'Checkout Started'
    when place = 6 and session % 8 = 0 then 'Order Completed' end as event_name,
  '/p/' || n % 50 as url_path, 'desktop' as device_type, day as event_on
from click;
insert into fact_session by name
select session as session_key, session_id, min(date_key) as date_key, min(customer_key) as customer_key,
  min(channel_key) as channel_key, -1 as geography_key, min(customer_id) as customer_id,
  min(event_at) as started_at, max(event_at) as ended_at, 300000 as duration_ms, count(*) as count_events,
  2 as count_pages, 1 as count_products_viewed, 0 as count_products_added, 0 as count_checkouts, 0 as count_orders,
  '/home' as landing_path, min(event_on) as started_on
from (select *, event_key // 6 as session from fact_clickstream) group by session, session_id;

insert into load_manifest by name
select 1 as load_number, table_name, 'r1' as run_id, timestamp '2026-03-01 02:30:00' as run_at, 1 as snapshot_id,
  'full' as kind, 10 as upserted, 0 as deleted, 10 as total, timestamp '2026-03-01 02:40:00' as loaded_at
from (select unnest(['dim_customer', 'fact_sales', 'fact_clickstream']) as table_name);
"""


def empty_warehouse(folder: Path) -> Path:
    """`folder/warehouse.duckdb` with the real tables and views and no row."""
    file = folder / "warehouse.duckdb"
    server = RedshiftServer(file, password="p").start()
    where = {"host": "127.0.0.1", "port": str(server.port), "database": "cdp", "user": "u", "password": "p"}
    settings = {"environment": "test", "warehouse": where | {"ssl": "false"}}
    warehouse = Warehouse(Settings.from_json(json.dumps(settings)))
    migrate(warehouse)
    warehouse.close()
    server.stop()
    return file


def fill(file: Path, customers: int, sales: int, events: int) -> None:
    """Fill it: customers c_1, c_2 …, sales and clicks of the 425 days up to 28 February 2026."""
    sizes = {"customers": customers, "sales": sales, "events": events}
    with duckdb.connect(str(file)) as connection:
        connection.execute("use public")
        for statement in FILL.split(";\n"):
            if statement.strip():
                used = {name: size for name, size in sizes.items() if f"${name}" in statement}
                connection.execute(statement, used)
