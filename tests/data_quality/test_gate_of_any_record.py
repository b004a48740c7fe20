"""What cleaning lets through, a gate never holds a batch for: a record that is odd is quarantined alone."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cdp.clean import clean
from cdp.clean_layout import LAYOUTS
from cdp.contracts import versions
from cdp.dataset import Dataset
from cdp.engines.duckdb import DuckDBEngine
from cdp.quality import check
from cdp.steps import run_steps
from tests.nested import put, without
from tests.raw_lines import RECORDS, raw_line

EXAMPLES = Path(__file__).resolve().parents[2] / "data_quality/records/examples"
RUN_AT = datetime(2026, 3, 2, 2, 30, tzinfo=UTC)
ODD = (None, "", " ", "\t", "null", "-1", "0", "é", "a b", 0, -1, 1, 2**40, True, False, [], {})


def places(record, way=()):
    """The way to every value of a record, however deep."""
    for name, value in record.items():
        yield (*way, name)
        if isinstance(value, dict):
            yield from places(value, (*way, name))


def odd(record):
    """The record with one value of it odd, and with two of them saying nothing."""
    ways = list(places(record))
    yield from (put(record, way, value) for way in ways for value in ODD)
    yield from (without(record, way) for way in ways)
    tops = [way for way in ways if len(way) == 1]
    for first in tops:
        yield from (
            put(put(record, first, nothing), way, " ") for way in tops if way != first for nothing in (None, " ")
        )


def each_of_its_own(records, good):
    """The records under ids of their own, where theirs is not the odd value: else they would be one row."""
    name = next(iter(good))
    for number, record in enumerate(records):
        is_odd = record.get(name) != good[name]
        yield record if is_odd else record | {name: f"00000000-0000-4000-8000-{number:012x}"}


@pytest.mark.parametrize("dataset", LAYOUTS)
def test_no_record_that_was_cleaned_fails_the_clean_gate(dataset):
    lines = []
    for name in versions(dataset):
        examples = [json.loads(file.read_bytes()) for file in sorted(EXAMPLES.glob(f"{name}.*.pass.json"))]
        records = [*examples, *each_of_its_own(odd(RECORDS[dataset]), RECORDS[dataset])]
        lines += [raw_line(dataset, json.dumps(r).encode(), version=name.split(".")[1]) for r in records]
    batch = clean(dataset, lines, "run")
    assert min(len(batch.rows), len(batch.quarantined)) > 10
    engine = DuckDBEngine()
    engine.read = lambda name: None
    for table in Dataset.all():
        engine.register(table.name.replace(".", "_"), table.arrow_schema().empty_table())
    engine.register(f"typed_{dataset}", batch.rows)
    run_steps(engine, "clean", [dataset])
    engine.register(f"clean_{dataset}", engine.arrow(dataset).read_all())
    found = check(engine, Dataset.load(f"clean.{dataset}"), RUN_AT)
    engine.close()
    assert found.rows > 10
    assert [(r.rule, r.sample_keys) for r in found.broken if r.severity == "fail"] == []
