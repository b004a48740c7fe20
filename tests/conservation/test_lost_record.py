"""A record that vanishes at any stage fails the run, which names the stage, the dataset and the record."""

import re
from contextlib import contextmanager

import pyarrow as pa
import pytest

from cdp import clean_batches, resources
from cdp.aws import raw, warehouse_load
from cdp.aws.raw import RawError
from tests.conservation.platform import Platform

pytestmark = pytest.mark.slow


@pytest.fixture
def loaded(platform: Platform, records):
    """Everything has arrived, and a run is about to take it."""
    platform.deliver(records)
    return platform


@pytest.fixture
def broken_step(monkeypatch):
    """A step loses one of its rows: the first in the order given."""
    whole = resources.read_text

    def break_step(path: str, key: str):
        def read_text(asked: str) -> str:
            text = whole(asked)
            if asked != path:
                return text
            return f"select * from ({text}) as kept where {key} <> (select min({key}) from ({text}) as all_of)"

        monkeypatch.setattr(resources, "read_text", read_text)

    return break_step


def failure(platform: Platform) -> str:
    """What a run that must fail says."""
    assert platform.run() == "FAILED"
    assert {len(rows) for name, rows in platform.tables().items() if not name.startswith("warehouse")} == {0}
    verdicts = [v for run in platform.runs() for v in platform.ledger.verdicts(run).values()]
    return " ".join([str(platform.error), *(v["details"]["message"] for v in verdicts)])


def test_between_ingestion_and_cleaning(loaded, monkeypatch):
    whole, lost = raw.IGzipFile, []

    @contextmanager
    def leaking(fileobj):
        with whole(fileobj=fileobj) as lines:
            lost.append(next(lines))
            yield lines

    monkeypatch.setattr(raw, "IGzipFile", leaking)
    assert re.search(r"records/dataset=\w+/.* holds \d+ records, its receipt .* says", said := failure(loaded)), said
    assert isinstance(loaded.error, RawError)


def test_in_cleaning(loaded, monkeypatch):
    clean, lost = clean_batches.clean_judged, []

    def leaking(dataset, text, run_id):
        batch = clean(dataset, text, run_id)
        if dataset == "transaction" and not lost:
            lost.append(batch.rows["record_id"][0].as_py())
            return batch._replace(rows=batch.rows.slice(1))
        return batch

    monkeypatch.setattr(clean_batches, "clean_judged", leaking)
    said = failure(loaded)
    assert re.search(f"clean_raw of transaction: .*lost for example {lost[0]}", said), said


@pytest.mark.parametrize(
    ("step", "key", "stage", "named"),
    [
        ("clean/transaction", "record_id", "clean_raw of transaction", "[0-9a-f]{32}"),
        ("identity/person", "person_id", "resolve_identities of customer", "[0-9a-f]{32}"),
        ("curated/golden_record", "customer_id", "build_golden_records of customer", "(crm|shop):"),
        ("curated/fact_sales", "sales_key", "build_star_schema of transaction", "[0-9a-f]{32}"),
    ],
)
def test_in_a_step(loaded, broken_step, step, key, stage, named):
    broken_step(f"sql/lake/{step}.sql", key)
    assert re.search(f"{stage}: received .* but accounted for .*lost for example .*{named}", said := failure(loaded)), (
        said
    )


def test_on_the_way_to_the_warehouse(loaded, monkeypatch):
    write = warehouse_load.write_files

    def leaking(rows, schema, folder):
        table = rows.read_all()
        is_fact = "fact_sales" in folder
        return write(
            pa.RecordBatchReader.from_batches(table.schema, table.slice(int(is_fact)).to_batches()), schema, folder
        )

    monkeypatch.setattr(warehouse_load, "write_files", leaking)
    assert re.search(r"fact_sales: .* lost for example sales_key=-?\d+", said := failure(loaded)), said
