"""Who a person record would be is what a run with that record added decides."""

from __future__ import annotations

import random
from contextlib import closing
from dataclasses import replace
from datetime import date

import pyarrow as pa
import pytest

from benchmarks.identity import sample_world
from cdp.dataset import Dataset
from cdp.engines.duckdb import DuckDBEngine
from cdp.matching.features import make_features
from cdp.matching.known import WRITES, Known
from cdp.matching.known_people import KnownPeople, NothingKnownError
from cdp.matching.lookup import Found, Lookup
from cdp.matching.matches import NO_DECISIONS, resolve_matches
from cdp.matching.model import MatchModel
from cdp.matching.rules import MatchRules
from cdp.matching.scoring import score_pairs

pytestmark = pytest.mark.slow
SCHEMA = Dataset.load("clean.customer").arrow_schema()
ANN = {
    "first_name": "Ann",
    "last_name": "Huber",
    "birth_on": date(1980, 2, 29),
    "street": "Weg 1",
    "postal_code": "10115",
    "city": "Berlin",
}

PLACE = ("postal_code", "city")


def record(number, source="shop", **stated):
    return {"source": source, "source_customer_id": str(number), "record_id": str(number), **stated}


@pytest.fixture
def rules():
    return MatchRules.load()


@pytest.fixture
def published(engine, rules):
    """Person records as a run leaves them in the lake; what can be asked of them."""
    with closing(DuckDBEngine(few_rows=True)) as own:

        def published(records, decisions=NO_DECISIONS, rules=rules):
            model = MatchModel.shipped(rules)
            if not isinstance(records, pa.Table):
                records = pa.Table.from_pylist(records, schema=SCHEMA)
            engine.register("clean_customer", records)
            resolve_matches(engine, rules, decisions, model)
            for table, step in WRITES.items():
                engine.step(table.replace(".", "_"), f"select * from {step}")
            engine.step(
                "identity_person",
                """select r.source, r.source_customer_id, m.cluster_id as customer_id
                   from person_record r join membership m on m.person_id = r.person_id""",
            )
            return Lookup(KnownPeople(engine, rules, model, decisions), own, rules, model)

        yield published


def run_with(engine, records, person_id, rules, decisions=NO_DECISIONS):
    """The records that a run makes one human with this one, and the chance with each of those in its reach."""
    model = MatchModel.shipped(rules)
    engine.register("clean_customer", records)
    resolve_matches(engine, rules, decisions, model, known=Known.from_lake(rules, model, "balanced"))
    people = engine.query(
        """select o.person_id from membership m join membership o on o.cluster_id = m.cluster_id
           where m.person_id = :person_id and o.person_id <> m.person_id""",
        {"person_id": person_id},
    )
    edges = engine.query(
        "select * from edge where left_id = :person_id or right_id = :person_id", {"person_id": person_id}
    )
    return {row["person_id"] for row in people}, {(e["left_id"], e["right_id"]): e["match_probability"] for e in edges}


@pytest.mark.parametrize("limit", [None, 4], ids=["shipped limits", "limits that many go over"])
def test_held_out_records_are_who_a_run_says_they_are(published, engine, rules, limit):
    if limit:
        modes = {name: replace(mode, most_person_records=limit) for name, mode in rules.modes.items()}
        rules = replace(rules, most_per_key=limit, modes=modes)
    records, _ = sample_world(700, seed=3)
    held_out = random.Random(1).sample(range(records.num_rows), 12)
    rest = records.take([i for i in range(records.num_rows) if i not in held_out])
    lookup = published(rest, rules=rules)
    found = []
    for i in held_out:
        (asked,) = records.slice(i, 1).to_pylist()
        person_id = f"{asked['source']}:{asked['source_customer_id']}"
        found.append(told := lookup.find(asked))
        people, edges = run_with(engine, pa.concat_tables([rest, records.slice(i, 1)]), person_id, rules)
        assert told.person_ids == people, person_id
        ties = {(left, right): p for left, right, p in told.chain if person_id in (left, right)}
        assert ties == {pair: p for pair, p in edges.items() if people & set(pair)}
    assert 2 < sum(bool(told.person_ids) for told in found) < 10


def test_a_known_record_is_asked_for_as_if_it_were_not(published, engine, rules):
    records, _ = sample_world(200, seed=2)
    lookup = published(records)
    for row in records.to_pylist()[:8]:
        person_id = f"{row['source']}:{row['source_customer_id']}"
        assert lookup.find(row).person_ids == run_with(engine, records, person_id, rules)[0]


def test_the_customer_and_the_chain_are_named_and_the_closest_record_explained(published):
    lookup = published([record(1, **ANN, email="ann@x.org"), record(2, "crm", **ANN, phone="+49301234567")])
    found = lookup.find(record(9, "web", **ANN, email="ann@x.org"))
    assert found.customer_ids == ("crm:2",)
    assert {pair[:2] for pair in found.chain} == {("crm:2", "shop:1"), ("crm:2", "web:9"), ("shop:1", "web:9")}
    assert (found.closest_id, found.closest.is_together) == ("shop:1", True)
    agreed = {field.field: field.agreement for field in found.closest.fields}
    assert (agreed["email"], agreed["phone"]) == ("exact", "not stated")
    assert "ann@x.org" not in str(found)


def test_one_of_a_household_is_nobody_known_and_the_veto_is_told(published):
    lookup = published([record(1, **ANN, phone="+49301234567")])
    son = ANN | {"first_name": "Wendelin", "birth_on": date(2005, 5, 6)}
    found = lookup.find(record(9, "crm", **son, phone="+49301234567"))
    assert (found.customer_ids, found.closest.veto) == ((), "two_people_of_a_household")


def test_who_shares_no_key_with_anybody_is_nobody_known(published):
    assert published([record(1, **ANN)]).find(record(9, first_name="Zoe")) == Found()


@pytest.mark.parametrize(("holders", "is_known"), [(9, True), (10, False)])
def test_an_address_that_one_more_makes_a_shared_one_says_nothing(published, engine, rules, holders, is_known):
    known = [record(n, email="ann@x.org") for n in range(holders)]
    lookup = published(known)
    found = lookup.find(record("new", email="ann@x.org"))
    more = pa.Table.from_pylist([*known, record("new", email="ann@x.org")], schema=SCHEMA)
    assert found.person_ids == run_with(engine, more, "shop:new", rules)[0]
    assert bool(found.customer_ids) == is_known


@pytest.mark.parametrize(("holders", "is_known"), [(3, True), (4, False)])
def test_a_key_that_one_more_makes_a_common_one_finds_nobody(published, engine, rules, holders, is_known):
    rules = replace(rules, most_per_key=4)
    known = [record(n, phone="+49301234567") for n in range(holders)]
    found = published(known, rules=rules).find(record("new", phone="+49301234567"))
    more = pa.Table.from_pylist([*known, record("new", phone="+49301234567")], schema=SCHEMA)
    assert found.person_ids == run_with(engine, more, "shop:new", rules)[0]
    assert bool(found.customer_ids) == is_known


def test_a_record_may_bring_two_customers_together(published, engine):
    """Two that share no key, so that nothing scored them before; v2 takes an average of a half for enough."""
    rules = MatchRules.load("v2")
    one = record(1, email="ann@x.org", **{name: ANN[name] for name in ("first_name", "last_name", *PLACE)})
    other = record(2, "crm", phone="+49301234567", **{name: ANN[name] for name in ("birth_on", *PLACE)})
    lookup = published([one, other], rules=rules)
    both = record(9, "web", **ANN, email="ann@x.org", phone="+49301234567")
    found = lookup.find(both)
    more = pa.Table.from_pylist([one, other, both], schema=SCHEMA)
    assert found.person_ids == run_with(engine, more, "web:9", rules)[0]
    assert found.person_ids == {"shop:1", "crm:2"}
    assert len(found.customer_ids) == 2


@pytest.mark.parametrize(("is_same", "customers"), [(True, ("crm:2",)), (False, ())])
def test_what_a_steward_decided_about_a_record_counts(published, is_same, customers):
    decisions = pa.table({"left_id": ["crm:2"], "right_id": ["shop:1"], "is_same": [is_same]})
    other = {"first_name": "Zoe"} if is_same else ANN
    lookup = published([record(1, **ANN), record(2, "crm", **other)], decisions)
    assert lookup.find(record(1, **ANN)).customer_ids == customers


def test_without_what_a_run_left_nothing_can_be_asked(published, engine, rules):
    published([record(1, **ANN)])
    with pytest.raises(NothingKnownError, match="let a run pass"):
        KnownPeople(engine, rules, replace(MatchModel.shipped(rules), prior=0.001))


def test_few_pairs_are_scored_as_many_are(published, engine, rules):
    records, _ = sample_world(120)
    published(records)
    model = MatchModel.shipped(rules)
    make_features(engine, rules)
    engine.step(
        "every_pair",
        """select l.number as left_number, r.number as right_number
           from person_feature l cross join person_feature r where l.person_id < r.person_id""",
    )
    score_pairs(engine, "every_pair", "many", rules, model)
    lookup = Lookup(KnownPeople(engine, rules, model), engine, rules, model)
    many = {(r["left_id"], r["right_id"]): r for r in engine.query("select * from many")}
    for row in records.to_pylist()[:15]:
        if (found := lookup.find(row)).closest:
            pair = tuple(sorted((f"{row['source']}:{row['source_customer_id']}", found.closest_id)))
            assert found.closest.match_probability == many[pair]["match_probability"]
