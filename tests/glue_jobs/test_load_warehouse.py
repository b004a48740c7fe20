from __future__ import annotations

import dataclasses
import json
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import boto3
import pytest

from cdp.aws import warehouse_load
from cdp.aws.lake import Lake
from cdp.aws.lake_table import MAIN
from cdp.aws.ledger import Ledger
from cdp.aws.warehouse import Warehouse, WarehouseStatementError, WarehouseUnavailableError
from cdp.aws.warehouse_load import WarehouseMismatchError
from cdp.dataset import Dataset
from cdp.engines.duckdb import DuckDBEngine
from cdp.job import job
from cdp.run import branch_of
from cdp.settings import Settings
from cdp.warehouse import TABLES
from glue_jobs.load_warehouse import load_warehouse
from localcloud.redshift import RedshiftServer

pytestmark = pytest.mark.slow

WEB, STORE, PHONE = (1, "web", True), (2, "store", False), (3, "phone", False)
TIME = datetime(2026, 3, 1, 23, 59, 59, 123456, tzinfo=UTC)


@pytest.fixture
def server(aws, tmp_path) -> Iterator[RedshiftServer]:
    server = RedshiftServer(tmp_path / "warehouse.duckdb", password="p", s3_client=boto3.client("s3")).start()
    yield server
    server.stop()


@pytest.fixture
def settings(aws, server) -> Settings:
    login = {"host": "127.0.0.1", "port": str(server.port), "user": "loader", "password": "p", "ssl": "false"}
    role = "arn:aws:iam::123456789012:role/warehouse"
    return dataclasses.replace(aws, warehouse={**login, "database": "cdp", "iam_role": role})


@pytest.fixture
def query(settings):
    warehouse = Warehouse(settings, attempts=1)
    yield warehouse.query
    warehouse.close()


@pytest.fixture
def load(settings, monkeypatch):
    """Run the job as Glue does, for a run; two tables will do where the number does not matter."""

    def load(run_id: str = "r1", tables: tuple[str, ...] = ("dim_channel", "dim_customer")) -> None:
        monkeypatch.setattr(warehouse_load, "TABLES", tables)
        given = json.dumps({"environment": "test", **settings.names, "warehouse": settings.warehouse})
        arguments = ["--run_id", run_id, "--run_at", "2026-03-02T02:30:00Z", "--settings", given]
        monkeypatch.setattr(sys, "argv", ["load_warehouse", *arguments])
        with job() as j:
            load_warehouse(j)

    return load


def write(settings: Settings, table: str, rows: str, branch: str = branch_of("r1")) -> None:
    lake = Lake(settings, branch)
    engine = DuckDBEngine(lake)
    engine.step("rows", rows)
    engine.write(table, "rows")
    engine.close()


def channels(*rows: tuple[int, str, bool]) -> str:
    values = ", ".join(f"({key}, '{name}', 'group', {str(is_online).lower()})" for key, name, is_online in rows)
    return f"select * from (values {values}) as t(channel_key, channel, channel_group, is_online)"


@contextmanager
def change_by_hand(settings: Settings) -> Iterator[Warehouse]:
    warehouse = Warehouse(settings, attempts=1)
    yield warehouse
    warehouse.close()


def manifest(query, table: str = "dim_channel") -> list[tuple]:
    rows = query(
        "select run_id, kind, upserted, deleted, total from load_manifest where table_name = %s order by load_number",
        [table],
    )
    return [tuple(row.values()) for row in rows]


def loaded(query) -> list[tuple]:
    rows = query("select channel_key, channel, is_online from dim_channel order by 1")
    return [tuple(row.values()) for row in rows]


def test_a_first_load_brings_every_row_and_says_so(settings, load, query):
    write(settings, "curated.dim_channel", channels(WEB, STORE))
    load(tables=TABLES)
    assert loaded(query) == [WEB, STORE]
    assert manifest(query) == [("r1", "full", 2, 0, 2)]
    ledger = Ledger(settings.table("ledger"))
    assert {f.dataset: (f.received, f.accepted) for f in ledger.fates("r1") if f.received} == {"dim_channel": (2, 2)}
    assert len(ledger.fates("r1")) == len(TABLES)
    assert ledger.row_counts("warehouse.dim_channel") == [2]


def test_every_type_survives(settings, load, query):
    row = (
        "select cast(9007199254740993 as bigint) as customer_key, 'c1' as customer_id, 'ä@b.c' as email, "
        "null as phone, null as first_name, null as last_name, date '1980-02-29' as birth_on, "
        "null as street, null as postal_code, "
        "null as city, null as country, cast(null as boolean) as has_marketing_consent, null as created_at, "
        "timestamptz '2026-03-01 23:59:59.123456+00' as valid_from, "
        "timestamptz '9999-12-31 00:00:00+00' as valid_to, true as is_current"
    )
    write(
        settings,
        "curated.dim_customer",
        f"{row} union all select 1, 'c2', * exclude (customer_key, customer_id) from ({row})",
    )
    load()
    found = query("select * from dim_customer where customer_id = 'c1'")[0]
    assert (found["customer_key"], found["email"], found["birth_on"]) == (
        9007199254740993,
        "ä@b.c",
        TIME.date().replace(1980, 2, 29),
    )
    assert (found["has_marketing_consent"], found["created_at"], found["is_current"]) == (None, None, True)
    assert (found["valid_from"], found["valid_to"]) == (TIME.replace(tzinfo=None), datetime(9999, 12, 31))


def test_a_later_run_hands_over_only_what_changed(settings, load, query):
    write(settings, "curated.dim_channel", channels(WEB, STORE), MAIN)
    load("r1")
    write(settings, "curated.dim_channel", channels(WEB, (2, "store", True), PHONE), branch_of("r2"))
    load("r2")
    assert loaded(query) == [WEB, (2, "store", True), PHONE]
    assert manifest(query)[-1] == ("r2", "changes", 2, 0, 3)


def test_a_row_that_left_the_lake_leaves_the_warehouse(settings, load, query):
    write(settings, "curated.dim_channel", channels(WEB, STORE))
    load("r1")
    write(settings, "curated.dim_channel", channels(WEB))
    load("r1")
    assert loaded(query) == [WEB]
    assert manifest(query)[-1] == ("r1", "changes", 0, 1, 1)


def test_a_repeated_load_does_nothing_and_says_so(settings, load, query):
    write(settings, "curated.dim_channel", channels(WEB))
    load()
    load()
    assert manifest(query) == [("r1", "full", 1, 0, 1), ("r1", "unchanged", 0, 0, 1)]
    assert all(f.is_balanced for f in Ledger(settings.table("ledger")).fates("r1"))


def test_without_the_snapshot_loaded_last_everything_is_loaded_and_the_rest_leaves(settings, load, query):
    write(settings, "curated.dim_channel", channels(WEB, STORE))
    load()
    with change_by_hand(settings) as by_hand:
        by_hand.execute("update load_manifest set snapshot_id = 42")
        by_hand.execute("insert into dim_channel values (9, 'gone', 'group', true)")
    load()
    assert loaded(query) == [WEB, STORE]
    assert manifest(query)[-1] == ("r1", "full", 2, 0, 2)


def test_a_load_killed_in_the_middle_leaves_nothing(settings, load, query, monkeypatch):
    write(settings, "curated.dim_channel", channels(WEB))
    load()
    write(settings, "curated.dim_channel", channels(WEB, STORE))
    real = warehouse_load.export

    def killed(lake, engine, table, *rest):
        if table == "dim_customer":
            raise KeyboardInterrupt
        return real(lake, engine, table, *rest)

    monkeypatch.setattr(warehouse_load, "export", killed)
    with pytest.raises(KeyboardInterrupt):
        load()
    assert loaded(query) == [WEB]
    assert len(manifest(query)) == 1


def test_a_warehouse_that_holds_other_rows_than_the_lake_is_rolled_back(settings, load, query):
    write(settings, "curated.dim_channel", channels(WEB))
    load()
    with change_by_hand(settings) as by_hand:
        by_hand.execute("delete from dim_channel")
    write(settings, "curated.dim_channel", channels(WEB, STORE))
    with pytest.raises(WarehouseMismatchError, match="dim_channel would have 1 rows and the lake has 2"):
        load()
    assert loaded(query) == []
    assert len(manifest(query)) == 1


def campaigns(*budgets: int) -> str:
    return " union all ".join(
        f"select {n} as campaign_key, 'M{n}' as campaign_id, 'n' as name, 'email' as channel, null as starts_on, "
        f"null as ends_on, {cents} as budget_cents, 'EUR' as currency"
        for n, cents in enumerate(budgets, 1)
    )


def test_an_amount_that_adds_up_to_something_else_than_in_the_lake_is_rolled_back(settings, load, query):
    write(settings, "curated.dim_campaign", campaigns(100, 200))
    load(tables=("dim_campaign",))
    with change_by_hand(settings) as by_hand:
        by_hand.execute("update dim_campaign set budget_cents = 201 where campaign_key = 2")
    write(settings, "curated.dim_campaign", campaigns(100, 200, 300))
    with pytest.raises(
        WarehouseMismatchError, match=r"dim_campaign.budget_cents would add up to 601 and the lake's to 600"
    ):
        load(tables=("dim_campaign",))
    assert query("select count(*) as n from dim_campaign") == [{"n": 2}]


def people(*versions: tuple[int, str, str]) -> str:
    columns = [c for c in Dataset.load("curated.dim_customer").columns if c.name not in ("customer_key", "city")]
    given = {"valid_from": "timestamptz '2026-01-01 00:00:00+00'", "valid_to": "timestamptz '9999-12-31 00:00:00+00'"}
    given |= {"is_current": "true"}
    return " union all ".join(
        f"select {key} as customer_key, '{city}' as city, "
        + ", ".join(
            f"'{customer}' as customer_id" if c.name == "customer_id" else f"{given.get(c.name, 'null')} as {c.name}"
            for c in columns
        )
        for key, customer, city in versions
    )


def consents(*events: tuple[int, int, str, str]) -> str:
    return " union all ".join(
        f"select {key} as consent_key, 'E{key}' as consent_id, {day.replace('-', '')} as date_key, "
        f"{customer_key} as customer_key, {customer} as customer_id, 'news' as purpose, true as is_granted, "
        f"timestamptz '{day} 00:00:00+00' as occurred_at"
        for key, customer_key, customer, day in events
    )


def test_a_late_fact_a_corrected_customer_and_a_deleted_one_are_in_the_warehouse_as_in_the_lake(settings, load, query):
    tables = ("dim_customer", "fact_consent")
    write(settings, "curated.dim_customer", people((1, "c1", "Bon"), (2, "c2", "Ulm"), (-1, "unknown", "")), MAIN)
    write(settings, "curated.fact_consent", consents((1, 1, "'c1'", "2026-02-01"), (2, 2, "'c2'", "2026-02-02")), MAIN)
    load("r1", tables)
    later = branch_of("r2")
    write(settings, "curated.dim_customer", people((1, "c1", "Bonn"), (-1, "unknown", "")), later)
    late = consents((1, 1, "'c1'", "2026-02-01"), (2, -1, "null", "2026-02-02"), (3, 1, "'c1'", "2025-12-24"))
    write(settings, "curated.fact_consent", late, later)
    load("r2", tables)
    assert query("select customer_key, city from dim_customer order by 1") == [
        {"customer_key": -1, "city": ""},
        {"customer_key": 1, "city": "Bonn"},
    ]
    rows = query("select consent_key, customer_key, customer_id, date_key from fact_consent order by 1")
    assert [tuple(row.values()) for row in rows] == [
        (1, 1, "c1", 20260201), (2, -1, None, 20260202), (3, 1, "c1", 20251224),
    ]  # fmt: skip
    assert [manifest(query, table)[-1][1:] for table in tables] == [("changes", 1, 1, 2), ("changes", 2, 0, 3)]


def test_a_text_wider_than_its_column_fails_the_load_and_names_the_column(settings, load, query):
    write(settings, "curated.dim_channel", channels((1, "x" * 17, True)))
    with pytest.raises(WarehouseStatementError, match=r"copy staging_dim_channel .*column channel"):
        load()
    assert loaded(query) == []


def test_a_warehouse_that_is_down_is_a_clear_error(settings):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    down = dataclasses.replace(settings, warehouse={**settings.warehouse, "port": port})
    with pytest.raises(WarehouseUnavailableError, match=f"127.0.0.1:{port} does not answer after 2 .* security group"):
        Warehouse(down, attempts=2, pause_s=0.01).query("select 1")


def test_a_refused_login_is_not_tried_again(settings):
    wrong = dataclasses.replace(settings, warehouse={**settings.warehouse, "password": "wrong"})
    with pytest.raises(WarehouseUnavailableError, match=r"refuses the login .* check the secret"):
        Warehouse(wrong, attempts=5, pause_s=60).query("select 1")


def test_the_login_may_lie_in_a_secret(settings):
    secret = json.dumps({"username": "loader", "password": "p"})
    boto3.client("secretsmanager").create_secret(Name="cdp-test-warehouse", SecretString=secret)
    with_secret = {k: v for k, v in settings.warehouse.items() if k not in ("user", "password")}
    warehouse = Warehouse(dataclasses.replace(settings, warehouse={**with_secret, "secret": "cdp-test-warehouse"}))
    assert warehouse.query("select 1 as one") == [{"one": 1}]
    warehouse.close()
