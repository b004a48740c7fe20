"""Cleaning and the gates say the same on Spark as on DuckDB, whatever rows they get."""

from __future__ import annotations

from datetime import timedelta

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cdp import quality
from cdp.clean import clean
from cdp.clean_layout import LAYOUTS, typed_schema
from cdp.dataset import Dataset
from cdp.steps import run_steps
from tests.data_quality.hub import hub
from tests.engines import pipeline
from tests.engines.conftest import same_rows
from tests.engines.edge_rows import TIMES, edge_rows
from tests.raw_lines import line, raw_line

pytestmark = [pytest.mark.spark, pytest.mark.slow]

VALUES = {
    pa.string(): st.sampled_from([None, "", "a", "A", "ä", " x ", "/p?q=1#f", "https://h/p?q", "O'Neil"])
    | st.text(max_size=6),
    pa.int32(): st.none() | st.integers(-(2**31), 2**31 - 1),
    pa.int64(): st.none() | st.integers(-(2**63), 2**63 - 1),
    pa.bool_(): st.none() | st.booleans(),
    pa.date32(): st.none() | st.dates(),
    pa.timestamp("us", tz="UTC"): st.sampled_from(TIMES).map(lambda t: t.replace(year=max(2, min(t.year, 9998)))),
}


def test_rows_that_are_made_one_table_after_the_other_are_all_there_or_what_went_wrong_is_told(engines):
    schema = pa.schema({"n": pa.int64()})
    tables = [pa.table({"n": [n, n + 1]}) for n in range(0, 10, 2)]
    engines.each(lambda engine: engine.collect("collected", schema, iter(tables)))
    engines.agree_on("collected")
    assert engines.each(lambda engine: engine.query("select count(*) as n from collected")) == [{"n": 10}]
    for engine in (engines.duckdb, engines.spark):
        with pytest.raises(ZeroDivisionError):
            engine.collect("broken", schema, (table.slice(1 // (2 - n)) for n, table in enumerate(tables)))


@st.composite
def typed_rows(draw, dataset):
    """Few keys and any values: rows of one key differ in their record ids, as in clean they always do."""
    rows = []
    for number in range(draw(st.integers(0, 4))):
        row = {f.name: draw(VALUES[f.type]) for f in typed_schema(dataset)}
        same = {
            k: "k"
            for k in Dataset.load(f"clean.{dataset}").primary_key
            if typed_schema(dataset).field(k).type == pa.string()
        }
        rows.append(row | same | {"record_id": f"{draw(st.integers(0, 99)):02d}{number}"})
    return pa.Table.from_pylist(rows, schema=typed_schema(dataset))


@pytest.mark.parametrize("dataset", LAYOUTS)
def test_any_rows_are_cleaned_alike(engines, dataset):
    contract = Dataset.load(f"clean.{dataset}").arrow_schema()

    @settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck), database=None, derandomize=True)
    @given(rows=typed_rows(dataset))
    def compare(rows):
        engines.each(lambda engine: engine.register(f"typed_{dataset}", rows))
        engines.each(lambda engine: engine.register(f"clean_{dataset}", contract.empty_table()))
        engines.each(lambda engine: run_steps(engine, "clean", [dataset]))
        engines.agree_on_table(f"clean.{dataset}", dataset)

    compare()


@pytest.mark.parametrize("dataset", LAYOUTS)
def test_lines_cleaned_by_the_executors_are_the_same_rows(engines, dataset):
    lines = [line(dataset), line(dataset, source="other"), raw_line(dataset, b"{"), b"no line of raw", b"\xff"] * 3
    embedded = clean(dataset, lines, "run")

    def rows_of(batches):
        for batch in batches:
            yield from clean(dataset, batch.column("line").to_pylist(), "run").rows.to_batches()

    session = engines.spark.session
    engines.spark.register("line", pa.table({"line": pa.array(lines, pa.binary())}))
    engines.spark.register("typed", typed_schema(dataset).empty_table())
    cleaned = session.table("line").mapInArrow(rows_of, session.table("typed").schema)
    cleaned.createOrReplaceTempView(f"cleaned_{dataset}")
    assert embedded.rows.num_rows == 6
    same_rows(engines.spark.arrow(f"cleaned_{dataset}").read_all(), embedded.rows, dataset)


@pytest.fixture(scope="module")
def pipeline_of_edges(engines):
    """Every table of the pipeline on both engines; reading them again from a lake is no part of it."""
    with pytest.MonkeyPatch.context() as patch:
        for engine in (engines.duckdb, engines.spark):
            pipeline.run(engine, edge_rows())
            patch.setattr(engine, "read", lambda name: None)
        yield engines


@pytest.mark.parametrize("gate", quality.GATES)
def test_a_gate_finds_the_same_on_both(pipeline_of_edges, gate):
    at = pipeline.RUN_AT + timedelta(hours=1)
    for dataset in (d for d in quality.gated(gate) if d.name in pipeline.TABLES):
        found = pipeline_of_edges.each(lambda engine, dataset=dataset: quality.check(engine, dataset, at, [1_000_000]))
        assert found.rows or dataset.name == "identity.steward_decision"  # nobody has decided anything
    assert found.broken or gate == "curated"


def test_people_merged_over_a_phone_they_share_are_found_on_both(engines, monkeypatch):
    for engine in (engines.duckdb, engines.spark):
        monkeypatch.setattr(engine, "read", lambda name: None)
        for name, rows in hub(2_000, is_merged=True).items():
            engine.register(name.replace(".", "_"), rows)
    for name in ("identity.person", "identity.identifier"):
        found = engines.each(lambda engine, name=name: quality.check(engine, Dataset.load(name), pipeline.RUN_AT))
        assert found.verdict == "fail"
