"""One warehouse with the real tables, a calendar, channels and unknown members; every test leaves it as it was."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
import redshift_connector

from cdp import resources
from cdp.dataset import Dataset
from cdp.warehouse_plan import create_statements
from localcloud.redshift import RedshiftServer

EVER, ALWAYS = "1900-01-01", "9999-12-31"
CHANNELS = {"-1": "unknown", "1": "web", "2": "mobile_app", "3": "store"}
UNKNOWN = {"customer_key": "-1", "product_key": "-1", "geography_key": "-1"}
# What a given row need not say.
DEFAULTS: dict[str, dict[str, str]] = {
    "dim_channel": {"channel_group": "any", "is_online": "true"},
    "dim_product": {"name": "n", "category": "c", "currency": "EUR", "is_active": "true"},
    "dim_customer": {},
    "fact_sales": {**UNKNOWN, "channel_key": "1", "product_id": "p", "currency": "EUR"},
    "fact_clickstream": {**UNKNOWN, "channel_key": "1", "event_type": "track"},
}
VALUES = {
    "string": "x",
    "int": "1",
    "bigint": "1",
    "boolean": "true",
    "date": "2026-03-01",
    "timestamp_ltz": "2026-03-01 12:00:00",
}
CALENDAR = """insert into dim_date
with recursive day (date_on) as (
  select '2024-12-30'::date union all select (date_on + 1)::date from day where date_on < '2026-12-31'
)
select to_char(date_on, 'YYYYMMDD')::integer, date_on, extract(year from date_on), extract(quarter from date_on),
  extract(month from date_on), date_trunc('month', date_on)::date, extract(day from date_on), null, null,
  (extract(dow from date_on) + 6) % 7 + 1, extract(dow from date_on) in (0, 6) from day"""


class Analyst:
    """Puts rows into the warehouse and asks the questions, through the driver an analyst has."""

    def __init__(self, connection: redshift_connector.Connection) -> None:
        self._connection = connection

    def run(self, sql: str) -> tuple[list[str], list[list[str]]]:
        """Columns and rows as text; NULL is the empty text."""
        cursor = self._connection.cursor()
        cursor.execute(sql)
        columns = [d[0] for d in cursor.description or []]
        return columns, [[as_text(value) for value in row] for row in cursor.fetchall()] if columns else []

    def given(self, table: str, rows: list[dict[str, str]]) -> None:
        """Insert rows; what they leave out is the default or follows from what they say."""
        full = [complete(table, number, row) for number, row in enumerate(rows)]
        columns = list(dict.fromkeys(column for row in full for column in row))
        values = ", ".join(f"({', '.join(literal(row.get(column, '')) for column in columns)})" for row in full)
        self.run(f"insert into {table} ({', '.join(columns)}) values {values}")

    def ask(self, question: str) -> list[dict[str, str]]:
        """The answer to a question's file."""
        columns, rows = self.run(resources.read_text(f"sql/warehouse/analytics/{question}.sql"))
        return [dict(zip(columns, row, strict=True)) for row in rows]


def complete(table: str, number: int, row: dict[str, str]) -> dict[str, str]:
    """A row with every column that the table needs."""
    columns = Dataset.load(f"curated.{table}").columns
    key = {c.name: str(number) for c in columns if c.primary_key_position and not c.references}
    needed = {c.name: VALUES[c.type] for c in columns if c.is_required} | key
    row = DEFAULTS.get(table, needed) | row
    if table in ("dim_product", "dim_customer"):
        return {"valid_from": EVER, "valid_to": ALWAYS, "is_current": "true"} | row
    if table == "fact_sales":
        at, is_refund = row["transaction_at"], row.get("net_cents", "0").startswith("-")
        money = {"gross_cents": row.get("net_cents", "0"), "discount_cents": "0", "tax_cents": "0", "net_cents": "0"}
        days = {"date_key": at[:10].replace("-", ""), "transaction_month": f"{at[:7]}-01"}
        key = {"sales_key": str(number), "transaction_id": f"T{number}", "line_number": str(number)}
        quantity = {"is_refund": str(is_refund).lower(), "quantity": "-1" if is_refund else "1"}
        return key | money | days | quantity | row
    if table == "fact_clickstream":
        at = {"event_at": "2026-03-01 12:00:00", "event_on": "2026-03-01", "date_key": "20260301"}
        return {"event_key": str(number), "message_id": f"m{number}"} | at | row
    return row


def literal(value: str) -> str:
    return "'" + value.replace("'", "''") + "'" if value else "null"


def as_text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float | Decimal):
        return format(Decimal(str(value)).normalize() + 0, "f")
    if isinstance(value, datetime) and not isinstance(value, date):
        return value.isoformat(" ")
    return str(value)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedshiftServer]:
    server = RedshiftServer(tmp_path_factory.mktemp("analytics") / "warehouse.duckdb", password="p").start()
    with connect(server) as connection:
        connection.autocommit = True
        analyst = Analyst(connection)
        for statement in create_statements():
            analyst.run(statement)
        analyst.run(CALENDAR)
        analyst.given("dim_channel", [{"channel_key": key, "channel": name} for key, name in CHANNELS.items()])
        analyst.given("dim_product", [{"product_key": "-1", "product_id": "unknown", "category": "unknown"}])
        analyst.given("dim_geography", [{"geography_key": "-1", "city": "unknown", "is_city": "false"}])
        analyst.given("dim_customer", [{"customer_key": "-1", "customer_id": "unknown"}])
    yield server
    server.stop()


@pytest.fixture
def analyst(server: RedshiftServer) -> Iterator[Analyst]:
    """A session whose rows are rolled back."""
    with connect(server) as connection:
        yield Analyst(connection)
        connection.rollback()


def connect(server: RedshiftServer) -> redshift_connector.Connection:
    return redshift_connector.connect(
        host="127.0.0.1", port=server.port, user="analyst", password="p", database="cdp", ssl=False
    )
