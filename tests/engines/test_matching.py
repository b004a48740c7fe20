"""Rules that weigh find the same people on Spark as on DuckDB, from nothing and going on from what is known."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace

import pytest

from benchmarks.identity import sample_world
from cdp.engines.duckdb import DuckDBEngine
from cdp.matching.known import WRITES, Known
from cdp.matching.matches import resolve_matches
from cdp.matching.model import MatchModel
from cdp.matching.rules import MatchRules

pytestmark = [pytest.mark.spark, pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def resolved(engines):
    """200 person records of the sample world, of which the last 20 came after a run that both engines know of."""
    records, _ = sample_world(200)
    rules = MatchRules.load()
    rules = replace(rules, blocking=rules.blocking[:4])
    known = Known.from_lake(rules, MatchModel.shipped(rules), "balanced")
    with closing(DuckDBEngine()) as before:
        before.register("clean_customer", records.slice(0, 180))
        resolve_matches(before, rules)
        left = {table: before.arrow(step).read_all() for table, step in WRITES.items()}

    def resolve(engine):
        for table, found in left.items():
            engine.register(table.replace(".", "_"), found)
        engine.register("clean_customer", records)
        resolve_matches(engine, rules, known=known)

    engines.each(resolve)
    return engines


def rows(engine, step, *columns):
    found = engine.query(f"select {', '.join(columns)} from {step}")
    return {tuple(row[c] for c in columns[:2]): tuple(row[c] for c in columns[2:]) for row in found}


def test_the_same_pairs_have_the_same_scores(resolved):
    one, other = (
        rows(engine, "match_pair", "left_id", "right_id", "match_probability", "speaking_bits", "is_candidate")
        for engine in (resolved.duckdb, resolved.spark)
    )
    assert one.keys() == other.keys()
    assert len(one) > 30
    assert [pair for pair in one if abs(one[pair][0] - other[pair][0]) > 1e-6] == []
    assert [pair for pair in one if one[pair][1:] != other[pair][1:]] == []


@pytest.mark.parametrize("step", ["changed_record", "membership", "matched", "match_record"])
def test_the_same_people_come_of_it(resolved, step):
    resolved.agree_on(step)
