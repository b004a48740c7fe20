"""A run that goes on from what the last one found out ends in what a run from nothing finds out, row for row."""

from __future__ import annotations

import random
from contextlib import closing
from dataclasses import replace
from datetime import date

import pyarrow as pa
import pytest

from benchmarks.identity import sample_world
from cdp import resources
from cdp.aws.lake import Lake
from cdp.engines.duckdb import DuckDBEngine
from cdp.matching.known import READS, WRITES, Known, unpack
from cdp.matching.matches import NO_DECISIONS, NOTHING, resolve_matches
from cdp.matching.model import MatchModel
from cdp.matching.rules import MatchRules

pytestmark = pytest.mark.slow
MADE = "select c.person_id from packed_feature f join compared_record c on c.number = f.number"
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

    def run(records, known=NOTHING, decisions=NO_DECISIONS, model=model, rules=rules):
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


def described(engine):
    """Person records whose features the last run made."""
    return {row["person_id"] for row in engine.query(MADE)}


def holders(count, **other):
    """Person records of strangers that share an e-mail address."""
    records, _ = sample_world(count)
    rows = [row | {"email": "ann@x.org", "phone": None} | other for row in records.to_pylist()]
    return pa.Table.from_pylist(rows, schema=records.schema)


def first_states(records, **stated):
    """The same records, of which the first states something else."""
    first, *rest = records.to_pylist()
    return pa.Table.from_pylist([first | stated, *rest], schema=records.schema)


@pytest.mark.parametrize(
    ("stated", "feature", "becomes"),
    [
        ({"first_name": "Ann-Marie"}, "first_name", "annmarie"),
        ({"last_name": "Corrected"}, "last_name", "corrected"),
        ({"last_name": "Łukaszewicz-Çelik"}, "last_name", "lukaszewiczcelik"),
        ({"last_name": None}, "last_name", None),
        ({"birth_on": date(1999, 12, 31)}, "birth_day", "1231"),
        ({"street": "Neuer Weg 7"}, "house_number", "7"),
        ({"postal_code": "10999"}, "postal_code", "10999"),
        ({"city": "Łódź"}, "city", "lodz"),
        ({"phone": "+49301234567"}, "phone", "+49301234567"),
        ({"email": "info@x.org"}, "email", None),
        ({"email": "bea+shop@x.org"}, "email_user", "bea"),
    ],
)
def test_features_are_made_of_a_corrected_record_and_of_no_other(run, engine, rules, stated, feature, becomes):
    known = Known.from_lake(rules, MatchModel.shipped(rules), "balanced")
    records, _ = sample_world(20)
    run(records)
    corrected = first_states(records, **stated)
    continued = run(corrected, known)
    (changed,) = described(engine)
    (found,) = (unpack(row["features"]) for row in continued["match_record"] if row["person_id"] == changed)
    assert found[feature] == becomes
    assert continued == run(corrected)


@pytest.mark.parametrize(("before", "now", "is_stated"), [(10, 11, False), (11, 10, True)])
def test_an_address_that_becomes_common_or_rare_is_taken_from_or_given_to_all_its_holders(
    run, engine, rules, before, now, is_stated
):
    known = Known.from_lake(rules, MatchModel.shipped(rules), "balanced")
    records = holders(11)
    run(records.slice(0, before))
    continued = run(records.slice(0, now), known)
    assert len(described(engine)) == now
    assert {unpack(row["features"])["email"] for row in continued["match_record"]} == {
        "ann@x.org" if is_stated else None
    }
    assert continued == run(records.slice(0, now))


def test_an_address_that_stays_common_makes_no_features_anew(run, engine, rules):
    known = Known.from_lake(rules, MatchModel.shipped(rules), "balanced")
    records = holders(13)
    run(records.slice(0, 12))
    run(records, known)
    assert len(described(engine)) == 1


def test_another_limit_on_identifiers_reaches_the_features(run, rules):
    records, model = holders(4), MatchModel.shipped(rules)
    run(records)
    fewer = replace(rules, parameters={**rules.parameters, "most_per_email": 3})
    found = run(records, Known.from_lake(fewer, model, "balanced"), rules=fewer)
    assert {unpack(row["features"])["email"] for row in found["match_record"]} == {None}


@pytest.mark.parametrize("file", ["sql/lake/identity/person_feature.sql", "cdp/matching/features.py"])
def test_features_made_in_another_way_are_not_used(run, engine, rules, monkeypatch, file):
    records, model = holders(4), MatchModel.shipped(rules)
    run(records)
    as_it_is = resources.read_text
    monkeypatch.setattr(resources, "read_text", lambda path: as_it_is(path) + " " * (path == file))
    run(records, Known.from_lake(rules, model, "balanced"))
    assert len(described(engine)) == 4


def test_a_table_that_does_not_say_what_records_stated_is_as_good_as_none(run, engine, rules):
    known = Known.from_lake(rules, MatchModel.shipped(rules), "balanced")
    records, _ = sample_world(100)
    found = run(records)
    engine.step(
        "identity_match_record",
        """select person_id, cast(null as string) as stated, features, component_id, cluster_id, basis
           from identity_match_record""",
    )
    assert run(records, known) == found
    assert len(described(engine)) == 100


def test_another_model_goes_on_from_nothing(run, engine, rules):
    records, _ = sample_world(300)
    run(records)
    before = scored(engine)
    other = replace(MatchModel.shipped(rules), prior=0.001)
    again = run(records, Known.from_lake(rules, other, "balanced"), model=other)
    assert scored(engine) >= before
    assert again == run(records, model=other)
