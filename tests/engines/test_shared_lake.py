"""Both engines write the same Iceberg tables on the same branches, and each goes on where the other stopped."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pyarrow.compute as pc
import pytest

from cdp import golden_record, identity, identity_log, star_schema, steward
from cdp.aws.lake import Lake
from cdp.aws.lake_table import MAIN
from cdp.clean_layout import LAYOUTS
from cdp.dataset import Dataset
from cdp.engines.change import Change
from cdp.engines.duckdb import DuckDBEngine
from cdp.engines.sql_text import StepError
from cdp.settings import Settings
from cdp.steps import run_steps
from cdp.survivorship import Survivorship
from tests.conftest import settings_json
from tests.engines.conftest import same_rows, types
from tests.engines.edge_rows import edge_rows
from tests.engines.pipeline import BY_SHARED_IDENTIFIERS, DECISIONS, RUN_AT, TABLES

pytestmark = [pytest.mark.spark, pytest.mark.slow]

PERSON, SALES = "identity.person", "clean.transaction"
EITHER = pytest.mark.parametrize("engine", ["duckdb", "spark"])
ONE_AFTER_THE_OTHER = pytest.mark.parametrize(("first", "then"), [("duckdb", "spark"), ("spark", "duckdb")])


def make_engine(name, lake):
    from cdp.engines.spark import SparkEngine

    return {"duckdb": DuckDBEngine, "spark": SparkEngine}[name](lake)


@pytest.fixture
def lake_settings(spark_environment, catalog):
    """Makes settings of a lake that nobody else sees."""

    def make() -> Settings:
        settings = Settings.from_json(settings_json())
        name = f"t{uuid4().hex[:8]}"
        databases = {zone: f"{name}_{zone}" for zone in settings.names["database"]}
        place = catalog | {"warehouse": f"{catalog['warehouse']}/{name}"}
        return replace(settings, names={**settings.names, "database": databases}, catalog=place)

    return make


@pytest.fixture
def shared(lake_settings):
    return lake_settings()


@pytest.fixture
def write(shared):
    def write(engine: str, rows: str, branch: str = MAIN, table: str = PERSON) -> Change:
        made = make_engine(engine, Lake(shared, branch))
        made.step("rows", rows)
        change = made.write(table, "rows")
        made.close()
        return change

    return write


def person(*ids: str, customer: str = "c") -> str:
    return " union all ".join(
        f"select 'crm' as source, '{i}' as source_customer_id, '{customer}{i}' as customer_id, "
        "cast(null as string) as matched_by, 'v1' as rule_version"
        for i in ids
    )


def ids(settings, branch: str = MAIN) -> list[str]:
    return sorted(
        Lake(settings, branch).read(PERSON, ["source_customer_id"]).read_all()["source_customer_id"].to_pylist()
    )


@EITHER
def test_what_a_run_writes_is_unseen_until_it_is_published(shared, write, engine):
    write(engine, person("1", "2"), branch="run_a")
    assert (ids(shared), ids(shared, "run_a")) == ([], ["1", "2"])
    assert Lake(shared, "run_a").publish() == [PERSON]
    assert (ids(shared), Lake(shared).row_count(PERSON)) == (["1", "2"], 2)


@EITHER
def test_a_discarded_branch_starts_from_the_published_state_again(shared, write, engine):
    write(engine, person("1"))
    write(engine, person("1", "2"), branch="run_a")
    Lake(shared, "run_a").discard([PERSON])
    assert ids(shared, "run_a") == ["1"]


@ONE_AFTER_THE_OTHER
def test_the_same_rows_from_the_other_engine_make_no_snapshot(shared, write, first, then):
    write(first, person("1", "2"))
    before = Lake(shared).snapshot_id(PERSON)
    assert write(then, person("2", "1")) == Change(0, 0, 0, 2)
    assert Lake(shared).snapshot_id(PERSON) == before


@ONE_AFTER_THE_OTHER
def test_changed_new_and_missing_rows_are_counted(shared, write, first, then):
    write(first, person("1", "2", "3"))
    assert write(then, person("1", "4") + " union all " + person("2", customer="x")) == Change(1, 1, 1, 3)
    assert (ids(shared), Lake(shared).row_count(PERSON)) == (["1", "2", "4"], 3)


@EITHER
def test_a_table_may_be_written_twice_by_one_engine(shared, engine):
    made = make_engine(engine, Lake(shared, "run_a"))
    for number, rows in enumerate((person("1"), person("1", "2"), person("2"))):
        made.step("rows", rows)
        made.write(PERSON, "rows")
        assert made.query("select count(*) as n from identity_person") == [{"n": (1, 2, 1)[number]}]
    made.close()


@EITHER
def test_a_table_that_was_forgotten_is_read_anew_with_the_columns_named(shared, write, engine):
    write(engine, person("1"))
    made = make_engine(engine, Lake(shared))
    made.read(PERSON, ["customer_id"])
    assert made.query("select * from identity_person") == [{"customer_id": "c1"}]
    made.forget(PERSON)
    with pytest.raises(StepError):
        made.query("select * from identity_person")
    made.read(PERSON, ["source", "source_customer_id"])
    assert made.query("select * from identity_person") == [{"source": "crm", "source_customer_id": "1"}]
    made.close()


@EITHER
def test_only_partitions_whose_rows_changed_are_rewritten(shared, write, engine):
    def lines(price: int) -> str:
        columns = {c.name: f"cast(null as {c.type})" for c in Dataset.load(SALES).columns}
        months = {"2026-01-01": 100, "2026-02-01": price}
        return " union all ".join(
            "select " + ", ".join(f"{v} as {k}" for k, v in (columns | values).items())
            for month, cents in months.items()
            for values in [
                {
                    "transaction_id": f"'{month}'",
                    "line_number": "1",
                    "updated_at": "cast('2026-02-01 00:00:00+00:00' as timestamp_ltz)",
                    "unit_price_cents": str(cents),
                    "transaction_month": f"date '{month}'",
                }
            ]
        )

    def files() -> set[str]:
        return {task.file.file_path for task in Lake(shared)._table(SALES).scan().plan_files()}

    write(engine, lines(100), table=SALES)
    before = files()
    assert write(engine, lines(120), table=SALES) == Change(0, 1, 0, 2)
    assert len(before) == len(files()) == 2
    assert len(before & files()) == 1


def run_day(engine: str, settings: Settings, run_id: str, typed) -> None:
    """What the jobs of a run do between its manifest and its end."""
    lake = Lake(settings, f"run_{run_id}")
    made = make_engine(engine, lake)
    for name in LAYOUTS:
        made.register(f"typed_{name}", typed[name])
        made.read(f"clean.{name}")
        run_steps(made, "clean", [name])
        made.write(f"clean.{name}", name)
    made.close()
    for parts, build in (
        ((steward, identity, identity_log), lambda e: resolve(e, run_id)),
        ((golden_record,), lambda e: golden_record.build_golden_records(e, Survivorship.load())),
    ):
        made = make_engine(engine, lake)
        for table in (name for part in parts for name in part.READS):
            made.read(table)
        build(made)
        for table, step in (named for part in parts for named in part.WRITES.items()):
            made.write(table, step)
        made.close()
    made = make_engine(engine, lake)
    for star in star_schema.PARTS:
        for table, columns in star.reads.items():
            made.read(table, columns)
        star_schema.build_part(made, star, RUN_AT + timedelta(days=1))
        for table, step in star.writes.items():
            made.write(table, step)
        made.forget(*star.passing)
    made.close()
    lake.publish()


def resolve(engine: Any, run_id: str) -> None:
    decisions = steward.apply_decisions(engine, DECISIONS)
    identity.resolve_identities(engine, BY_SHARED_IDENTIFIERS, decisions)
    identity_log.log_changes(engine, run_id, RUN_AT + timedelta(days=int(run_id)), BY_SHARED_IDENTIFIERS.rule_version)


def days():
    """The edge rows in two halves, by the first digit of their record ids."""
    rows = edge_rows()
    first = {n: pc.starts_with(t["record_id"], "0" * 28 + "1") for n, t in rows.items()}
    return {n: t.filter(first[n]) for n, t in rows.items()}, {n: t.filter(pc.invert(first[n])) for n, t in rows.items()}


@ONE_AFTER_THE_OTHER
def test_a_day_written_by_one_engine_is_continued_by_the_other(lake_settings, first, then):
    mixed, plain = lake_settings(), lake_settings()
    for number, (rows, engine) in enumerate(zip(days(), (first, then), strict=True)):
        run_day(engine, mixed, f"{number}", rows)
        run_day("duckdb", plain, f"{number}", rows)
    for table in TABLES:
        one, other = (Lake(settings).read(table).read_all() for settings in (mixed, plain))
        assert one.num_rows, table
        assert types(one) == types(other)
        same_rows(one, other, table)
