"""Two that commit to one table at the same time: both changes are there afterwards, or one is refused by name."""

from dataclasses import replace
from datetime import date
from threading import Thread

import pyarrow as pa
import pytest
from pyiceberg.catalog.sql import SqlCatalog

from cdp.aws import lake_table
from cdp.aws.lake import Lake, LakeError
from cdp.aws.lake_table import MAIN
from cdp.dataset import Dataset
from cdp.engines.duckdb import DuckDBEngine
from cdp.settings import Settings
from tests.conftest import settings_json

PERSON = "identity.person"


@pytest.fixture
def shared(tmp_path, monkeypatch):
    """Settings of a lake whose catalog lets only one of two commits through."""
    monkeypatch.setattr(lake_table, "PAUSE_S", 0.01)
    catalog = {"type": "sql", "uri": f"sqlite:///{tmp_path}/catalog.db", "warehouse": f"file://{tmp_path}/lake"}
    settings = replace(Settings.from_json(settings_json()), catalog=catalog)
    Lake(settings).create_missing([PERSON])
    return settings


@pytest.fixture
def meanwhile(monkeypatch):
    """Does something after the next commit has read the table and before it changes the catalog."""
    whole = SqlCatalog._write_metadata

    def do(act) -> None:
        waiting = [act]

        def write(*args, **kwargs):
            whole(*args, **kwargs)
            if waiting:
                waiting.pop()()

        monkeypatch.setattr(SqlCatalog, "_write_metadata", staticmethod(write))

    return do


def write(settings, branch, *customers) -> None:
    columns = Dataset.load(PERSON).columns
    rows = [
        {"source": "'crm'", "source_customer_id": f"'{c}'", "customer_id": f"'{c}'", "rule_version": "'v1'"}
        for c in customers
    ]
    text = " union all ".join(
        "select " + ", ".join(f"cast({row.get(c.name, 'null')} as {c.type}) as {c.name}" for c in columns)
        for row in rows
    )
    engine = DuckDBEngine(Lake(settings, branch))
    engine.step("rows", text.replace("timestamp_ltz", "timestamptz"))
    engine.write(PERSON, "rows")
    engine.close()


def customers(settings, branch=MAIN) -> list[str]:
    return sorted(Lake(settings, branch).read(PERSON, ["customer_id"]).read_all()["customer_id"].to_pylist())


def test_rows_are_written_where_another_run_began_its_branch_meanwhile(shared, meanwhile):
    write(shared, MAIN, "1")
    lake = Lake(shared, "run_a")
    lake.start_branch(PERSON)
    meanwhile(lambda: Lake(shared, "run_b").start_branch(PERSON))
    write(shared, "run_a", "1", "2")
    assert (customers(shared, "run_a"), customers(shared, "run_b"), customers(shared)) == (["1", "2"], ["1"], ["1"])


def test_a_branch_begins_where_another_wrote_meanwhile(shared, meanwhile):
    write(shared, MAIN, "1")
    meanwhile(lambda: write(shared, "run_b", "1", "3"))
    write(shared, "run_a", "1", "2")
    assert (customers(shared, "run_a"), customers(shared, "run_b")) == (["1", "2"], ["1", "3"])


def test_what_a_run_does_not_rewrite_is_on_its_branch_where_another_wrote_meanwhile(shared, meanwhile):
    schema = Dataset.load("clean.transaction").arrow_schema()

    def sales(month: str, customer: str) -> pa.Table:
        row = dict.fromkeys(schema.names)
        row |= {"transaction_id": customer, "line_number": 1, "transaction_month": date.fromisoformat(month)}
        return pa.Table.from_pylist([row], schema=schema)

    january, february = date(2026, 1, 1), date(2026, 2, 1)
    Lake(shared).rewrite(
        "clean.transaction", [(sales("2026-01-01", "a"), [january]), (sales("2026-02-01", "b"), [february])]
    )
    lake = Lake(shared, "run_a")
    lake.row_count("clean.transaction")
    meanwhile(lambda: Lake(shared, "run_b").start_branch("clean.transaction"))
    lake.rewrite("clean.transaction", [(sales("2026-02-01", "c"), [february])])
    rows = Lake(shared, "run_a").read("clean.transaction", ["transaction_id"]).read_all()
    assert sorted(rows["transaction_id"].to_pylist()) == ["a", "c"]


def test_a_run_is_published_where_another_branch_is_removed_meanwhile(shared, meanwhile):
    write(shared, "run_old", "9")
    write(shared, "run_a", "1", "2")
    meanwhile(lambda: Lake(shared, "run_old").discard([PERSON]))
    assert Lake(shared, "run_a").publish() == [PERSON]
    assert customers(shared) == ["1", "2"]
    assert set(Lake(shared)._table(PERSON).refs()) == {MAIN}


def test_a_run_is_not_published_over_what_another_wrote_to_main(shared, meanwhile):
    write(shared, "run_a", "1", "2")
    write(shared, MAIN, "3")
    with pytest.raises(LakeError, match="person was written to while the run went on"):
        Lake(shared, "run_a").publish()
    assert customers(shared) == ["3"]


def test_a_run_is_not_published_over_what_another_writes_at_that_moment(shared, meanwhile):
    write(shared, "run_a", "1", "2")
    meanwhile(lambda: write(shared, MAIN, "3"))
    with pytest.raises(LakeError, match="person was written to while the run went on"):
        Lake(shared, "run_a").publish()
    assert customers(shared) == ["3"]


def test_a_table_that_was_made_but_never_begun_is_begun_by_the_next(shared, monkeypatch):
    class Killed(BaseException):
        pass

    def die(*args):
        raise Killed

    with monkeypatch.context() as killing:
        killing.setattr(SqlCatalog, "commit_table", die)
        with pytest.raises(Killed):
            Lake(shared).create_missing(["clean.transaction"])
    assert Lake(shared).row_count("clean.transaction") == 0
    assert Lake(shared).read("clean.transaction").read_all().num_rows == 0


@pytest.mark.slow
def test_two_runs_that_write_at_once_all_end_up_on_their_branches(shared):
    names = ["run_a", "run_b"]
    wrong = []

    def work(branch):
        try:
            for n in range(3):
                write(shared, branch, "1", *(f"{branch}-{i}" for i in range(n + 1)))
        except Exception as error:
            wrong.append(error)

    write(shared, MAIN, "1")
    threads = [Thread(target=work, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert [customers(shared, n) for n in names] == [["1", *(f"{n}-{i}" for i in range(3))] for n in names]
