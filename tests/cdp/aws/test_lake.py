from datetime import date

import pytest

from cdp.aws.lake import Lake
from cdp.aws.lake_table import MAIN
from cdp.dataset import Dataset
from cdp.engines.duckdb import Change, DuckDBEngine

PERSON = "identity.person"


@pytest.fixture
def write(aws):
    def write(rows: str, branch: str = MAIN, table: str = PERSON) -> Change:
        engine = DuckDBEngine(Lake(aws, branch))
        engine.step("rows", rows)
        change = engine.write(table, "rows")
        engine.close()
        return change

    return write


def person(*ids: str, customer: str = "c") -> str:
    return " union all ".join(
        f"select 'crm' as source, '{i}' as source_customer_id, '{customer}{i}' as customer_id, "
        "cast(null as string) as matched_by, 'v1' as rule_version"
        for i in ids
    )


def ids(aws, branch: str = MAIN) -> list[str]:
    return sorted(Lake(aws, branch).read(PERSON, ["source_customer_id"]).read_all()["source_customer_id"].to_pylist())


def test_what_a_run_writes_is_unseen_until_it_is_published(aws, write):
    write(person("1", "2"), branch="run_a")
    assert (ids(aws), ids(aws, "run_a")) == ([], ["1", "2"])
    assert Lake(aws, "run_a").publish() == [PERSON]
    assert ids(aws) == ["1", "2"]


def test_a_branch_that_is_never_published_changes_nothing(aws, write):
    write(person("1"))
    write(person("9"), branch="run_bad")
    write(person("1", "2"), branch="run_next")
    Lake(aws, "run_next").publish()
    assert ids(aws) == ["1", "2"]


def test_the_same_rows_again_make_no_snapshot(aws, write):
    write(person("1", "2"))
    before = Lake(aws).snapshot_id(PERSON)
    assert write(person("2", "1")) == Change(0, 0, 0, 2)
    assert Lake(aws).snapshot_id(PERSON) == before


def test_changed_new_and_missing_rows_are_counted(aws, write):
    write(person("1", "2", "3"))
    assert write(person("1", "4") + " union all " + person("2", customer="x")) == Change(1, 1, 1, 3)
    assert ids(aws) == ["1", "2", "4"]


def test_only_partitions_whose_rows_changed_are_rewritten(aws, write):
    def lines(price: int) -> str:
        columns = {c.name: f"cast(null as {c.type})" for c in Dataset.load("clean.transaction").columns}
        rows = []
        for month, cents in (("2026-01-01", 100), ("2026-02-01", price)):
            values = columns | {
                "transaction_id": f"'{month}'",
                "line_number": "1",
                "updated_at": "cast('2026-02-01 00:00:00+00:00' as timestamp_ltz)",
                "unit_price_cents": str(cents),
                "transaction_month": f"date '{month}'",
            }
            rows.append("select " + ", ".join(f"{v} as {k}" for k, v in values.items()))
        return " union all ".join(rows)

    def files() -> set[str]:
        table = Lake(aws)._table("clean.transaction")
        return {task.file.file_path for task in table.scan().plan_files()}

    write(lines(100), table="clean.transaction")
    before = files()
    assert write(lines(120), table="clean.transaction") == Change(0, 1, 0, 2)
    assert len(before) == len(files()) == 2
    assert len(before & files()) == 1


def test_each_part_has_its_own_partitions_wherever_the_engine_cuts_its_answer(aws, write, monkeypatch):
    monkeypatch.setattr("cdp.engines.duckdb.ROWS_PER_REWRITE", 2500)
    monkeypatch.setattr("cdp.engines.duckdb.ARROW_BATCH_ROWS", 2048)
    rows_of = {1: 1500, 2: 900, 3: 6000, 4: 1}  # the first two are one part, the third is three files
    values = {"transaction_id": "n", "transaction_month": "make_date(2026, cast(month as int), 1)", "line_number": "1"}
    columns = ", ".join(
        f"cast({values.get(c.name, 'null')} as {c.type}) as {c.name}" for c in Dataset.load("clean.transaction").columns
    )
    months = " union all ".join(f"select {m} as month, unnest(range({count})) as n" for m, count in rows_of.items())
    assert write(f"select {columns} from ({months}) order by n", table="clean.transaction").inserted == 8401
    table = Lake(aws)._table("clean.transaction")
    found = [(str(task.file.partition[0]), task.file.record_count) for task in table.scan().plan_files()]
    days = {m: (date(2026, m, 1) - date(1970, 1, 1)).days for m in rows_of}
    assert sorted(found) == sorted(
        (str(days[m]), n) for m, n in [(1, 1500), (2, 900), *[(3, 2500)] * 2, (3, 1000), (4, 1)]
    )


def test_an_error_while_rows_are_made_is_told_and_leaves_the_table_as_it_was(aws, write):
    write(person("1", "2"))
    rows = Lake(aws).read(PERSON).read_all()

    def parts():
        yield rows.slice(0, 1), None
        raise ValueError("the second piece")

    with pytest.raises(ValueError, match="the second piece"):
        Lake(aws).rewrite(PERSON, parts())
    assert ids(aws) == ["1", "2"]


def test_a_discarded_branch_starts_from_the_published_state_again(aws, write):
    write(person("1"))
    write(person("1", "2"), branch="run_a")
    Lake(aws, "run_a").discard([PERSON])
    assert ids(aws, "run_a") == ["1"]


def test_an_older_snapshot_can_still_be_read(aws, write):
    write(person("1"))
    first = Lake(aws).snapshot_id(PERSON)
    write(person("1", "2"))
    assert Lake(aws).read(PERSON, snapshot_id=first).read_all().num_rows == 1
    assert Lake(aws).has_snapshot(PERSON, first)
    assert not Lake(aws).has_snapshot(PERSON, 1)


def test_a_table_is_created_as_its_contract_says(aws):
    schema = Lake(aws).read("clean.clickstream_event").schema
    assert schema.equals(Dataset.load("clean.clickstream_event").arrow_schema())


@pytest.mark.parametrize(("table", "key"), [(PERSON, "source_customer_id"), ("clean.transaction", "transaction_id")])
def test_what_is_larger_than_a_batch_is_written_and_read_whole(aws, write, monkeypatch, table, key):
    monkeypatch.setattr("cdp.engines.duckdb.ROWS_PER_REWRITE", 2048)
    monkeypatch.setattr("cdp.aws.lake.ROWS_AT_ONCE", 2048)
    values = {key: "n", "transaction_month": "'2026-03-01'", "line_number": "1"}
    columns = ", ".join(f"cast({values.get(c.name)} as {c.type}) as {c.name}" for c in Dataset.load(table).columns)
    rows = f"select {columns} from (select unnest(range(5000)) as n)".replace("None", "null")
    assert write(rows, table=table) == Change(5000, 0, 0, 5000)
    assert write(f"{rows} where n <> 7", table=table) == Change(0, 0, 1, 4999)
    left = Lake(aws).read(table, [key]).read_all()[key].to_pylist()
    assert sorted(left, key=int) == [str(n) for n in range(5000) if n != 7]
