"""The plan carried out on the laptop's Redshift, through the driver."""

import contextlib
import itertools
import json

import pytest

from cdp import resources
from cdp.aws.warehouse import Warehouse
from cdp.aws.warehouse_schema import WarehouseSchemaError, give_access, migrate, read_access, read_live
from cdp.settings import Settings
from cdp.warehouse import MANIFEST, TABLES, VIEWS
from cdp.warehouse_access import ROLES, access_statements
from cdp.warehouse_plan import columns_of, create_statements, plan
from localcloud.redshift import RedshiftServer

pytestmark = pytest.mark.slow


class Killed(BaseException):
    """Stands for a process that ends in the middle."""


@pytest.fixture
def warehouse(tmp_path):
    server = RedshiftServer(tmp_path / "warehouse.duckdb", password="p").start()
    login = {"host": "127.0.0.1", "port": str(server.port), "user": "u", "password": "p", "ssl": "false"}
    settings = {"environment": "test", "warehouse": {**login, "database": "cdp"}}
    warehouse = Warehouse(Settings.from_json(json.dumps(settings)), attempts=1)
    yield warehouse
    warehouse.close()
    server.stop()


@pytest.fixture
def old(warehouse):
    """A warehouse of an earlier release, with a row: it lacks a column, a table, two views, and a text is narrower."""
    migrate(warehouse)
    narrow = resources.read_text("sql/warehouse/tables/dim_geography.sql").replace("varchar(1024)", "varchar(9)")
    for statement in (
        "drop view customer_360",
        "drop view customer_profile",
        "drop table fact_consent",
        "alter table fact_sales drop column source_customer_id",
        "drop table dim_geography",
        narrow,
        "insert into dim_geography values (1, 'DE', 'Bonn', true)",
    ):
        warehouse.execute(statement)
    return warehouse


def test_an_empty_warehouse_gets_all_of_it_and_the_second_time_nothing(warehouse):
    assert list(migrate(warehouse).statements) == create_statements()
    assert migrate(warehouse).statements == ()
    live = read_live(warehouse)
    assert {table: live.tables[table] for table in (*TABLES, MANIFEST)} == {
        table: columns_of(table) for table in (*TABLES, MANIFEST)
    }
    assert live.views == set(VIEWS)


def test_nothing_in_the_warehouse_lacks_a_description(warehouse):
    migrate(warehouse)
    live = read_live(warehouse)
    names = [(table, c.name) for table, columns in live.tables.items() for c in columns]
    names += [(relation, "") for relation in (*live.tables, *live.views)]
    assert [name for name in names if not live.comments.get(name)] == []
    assert len(names) > 150


def test_a_refused_step_changes_nothing(warehouse):
    migrate(warehouse)
    warehouse.execute("alter table dim_date add column holiday boolean")
    warehouse.execute("drop view customer_360")
    with pytest.raises(WarehouseSchemaError, match=r"dim_date.holiday: is in the warehouse and in no contract"):
        migrate(warehouse)
    assert "customer_360" not in read_live(warehouse).views


def test_a_migration_killed_after_any_statement_goes_on_where_it_stopped(old, monkeypatch):
    left = len(plan(read_live(old)).statements)
    assert left > 10
    while left:
        with monkeypatch.context() as dying:
            dying.setattr(Warehouse, "execute", dies_at_statement(4))
            with contextlib.suppress(Killed):
                migrate(old)
        before, left = left, len(plan(read_live(old)).statements)
        assert left < before
    assert plan(read_live(old)).refused == ()
    assert old.query("select country, city from dim_geography") == [{"country": "DE", "city": "Bonn"}]
    old.execute("insert into dim_geography values (2, 'DE', 'Garmisch-Partenkirchen', true)")
    assert read_live(old).tables["fact_sales"][-1].name == "source_customer_id"


def test_access_given_in_pieces_is_the_access_given_at_once(warehouse, monkeypatch):
    migrate(warehouse)
    with monkeypatch.context() as dying:
        dying.setattr(Warehouse, "execute", dies_at_statement(100))
        with contextlib.suppress(Killed):
            give_access(warehouse)
    assert give_access(warehouse)
    live = read_access(warehouse)
    assert live.roles == set(ROLES)
    assert ("dim_customer", "email", "viewer") in live.masks
    assert live.row_policies == {("bridge_customer_identity", role) for role in ("viewer", "analyst")}
    left = {statement.split()[0] for statement in access_statements(live)}
    assert left == {"grant", "revoke", "alter", "create"}, "only what may be repeated"
    assert [s for s in access_statements(live) if s.startswith("create")] == ["create schema if not exists sandbox"]


def dies_at_statement(last):
    real, calls = Warehouse.execute, itertools.count(1)

    def execute(self, sql, parameters=()):
        if next(calls) == last:
            raise Killed
        real(self, sql, parameters)

    return execute
