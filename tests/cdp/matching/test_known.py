"""A run that goes on from what the last one found out ends in what a run from nothing finds out, row for row."""

from __future__ import annotations

import random
from contextlib import closing
from dataclasses import replace

import pyarrow as pa
import pytest

from benchmarks.identity import sample_world
from cdp.aws.lake import Lake
from cdp.engines.duckdb import DuckDBEngine
from cdp.matching.known import READS, WRITES, Known
from cdp.matching.matches import NO_DECISIONS, NOTHING, resolve_matches
from cdp.matching.model import MatchModel
from cdp.matching.rules import MatchRules

pytestmark = pytest.mark.slow
RESULTS = ("edge", "membership", "matched", "match_record", "match_pair")


@pytest.fixture(scope="module")
def rules():
    """With limits so low that keys and components go over them and come back."""
    rules = MatchRules.load()
    modes = {name: replace(mode, most_person_records=4) for name, mode in rules.modes.items()}
    return replace(rules, most_per_key=4, modes=modes)


@pytest.fixture
def run(engine, rules):
    """Resolve person records, going on from what the engine's last run left, or from nothing; all that came of it."""
    model = MatchModel.shipped(rules)

    def run(records, known=NOTHING, decisions=NO_DECISIONS, model=model):
        engine.register("clean_customer", records)
        resolve_matches(engine, rules, decisions, model, known=known)
        found = {}
        for step in RESULTS:
            rows = engine.arrow(step).read_all()
            found[step] = sorted(rows.to_pylist(), key=str)
        for table in ("match_record", "match_pair"):
            engine.step(f"identity_{table}", f"select * from {table}")
        return found

    return run


def scored(engine):
    """Pairs that the last run weighed."""
    return engine.query("select (select count(*) from candidate) + (select count(*) from unscored_pair) as n")[0]["n"]


def corrected(records, draw):
    """Some records gone, and some with the name, street and e-mail address of others."""
    rows = [row for row in records.to_pylist() if draw.random() > 0.05]
    for row in rows:
        if draw.random() < 0.05:
            other = draw.choice(rows)
            row |= {name: other[name] for name in draw.sample(["last_name", "street", "email", "birth_on"], 2)}
    return pa.Table.from_pylist(rows, schema=records.schema)


def decided(records, draw):
    ids = [f"{row['source']}:{row['source_customer_id']}" for row in records.to_pylist()]
    pairs = [sorted(draw.sample(ids, 2)) for _ in range(6)]
    return pa.table(
        {
            "left_id": [left for left, _ in pairs],
            "right_id": [right for _, right in pairs],
            "is_same": [draw.random() < 0.7 for _ in pairs],
        }
    )


def test_batches_corrections_deletions_and_decisions_end_where_a_run_from_nothing_ends(run, engine, rules):
    draw = random.Random(1)
    records, _ = sample_world(700, seed=1)
    records = records.take(draw.sample(range(700), 700))
    known = Known.from_lake(rules, MatchModel.shipped(rules), "balanced")
    run(records.slice(0, 400))
    decisions = NO_DECISIONS
    for now in (
        records.slice(0, 410),
        records.slice(0, 600),
        corrected(records, draw),
        records,
    ):
        continued = run(now, known, decisions)
        fewer = scored(engine)
        assert continued == run(now, decisions=decisions)
        assert fewer < scored(engine)
        decisions = decided(records, draw)


def test_a_record_that_goes_brings_back_pairs_that_too_many_shared(run, rules):
    known = Known.from_lake(rules, MatchModel.shipped(rules), "balanced")
    records, _ = sample_world(5)
    nothing = dict.fromkeys(("email", "first_name", "last_name", "birth_on", "street", "postal_code", "city"))
    rows = [row | nothing | {"phone": "+4930123456"} for row in records.to_pylist()]
    five = pa.Table.from_pylist(rows, schema=records.schema)
    assert run(five)["edge"] == []
    found = run(five.slice(1), known)
    assert len(found["edge"]) == 6
    assert len({row["cluster_id"] for row in found["membership"]}) == 1


def test_the_next_run_goes_on_from_the_lake_and_the_same_records_score_nothing(aws, rules):
    records, _ = sample_world(300)
    known, found = Known.from_lake(rules, MatchModel.shipped(rules), "balanced"), []
    for _ in range(2):
        with closing(DuckDBEngine(Lake(aws))) as engine:
            for table in READS:
                engine.read(table)
            engine.register("clean_customer", records)
            resolve_matches(engine, rules, known=known)
            found.append((scored(engine), [engine.write(table, step) for table, step in WRITES.items()]))
    assert found[0][0] > 200
    assert [change.inserted > 0 for change in found[0][1]] == [True, True]
    assert found[1][0] == 0
    assert not any(change.is_any for change in found[1][1])


def test_another_model_goes_on_from_nothing(run, engine, rules):
    records, _ = sample_world(300)
    run(records)
    before = scored(engine)
    other = replace(MatchModel.shipped(rules), prior=0.001)
    again = run(records, Known.from_lake(rules, other, "balanced"), model=other)
    assert scored(engine) >= before
    assert again == run(records, model=other)
