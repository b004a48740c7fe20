from datetime import UTC, datetime, timedelta

import pytest

from cdp import golden_record, identity, steward
from cdp.dataset import Dataset
from cdp.engines.sql_text import casts
from cdp.matching.rules import MatchRules
from cdp.steward import StewardError, decisions_of
from cdp.survivorship import Survivorship

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
TABLES = identity.WRITES | golden_record.WRITES


def request(action, *person_ids, **said):
    return {"action": action, "person_ids": list(person_ids), "decided_by": "ann", "reason": "asked them"} | said


def person(source_customer_id, email, source="shop"):
    at = {"created_at": "2025-01-01T00:00Z", "updated_at": "2026-01-01T00:00Z"}
    return {"source": source, "source_customer_id": source_customer_id, "email": email, "record_id": email, **at}


ANN, BOB, CRM = person("S1", "ann@x.org"), person("S2", "bob@x.org"), person("C1", "ann@x.org", "crm")


EITHER_RULES = pytest.mark.parametrize("rule_version", ["v1", "v3"])


@pytest.fixture
def rule_version():
    return "v1"


@pytest.fixture
def run(engine, given, rule_version):
    """One run after another over the same lake: `run(persons, *requests)` gives the customers, requests in turn."""
    given("identity.steward_decision")
    run.count = 0

    def run_(persons, *requests):
        given("clean.customer", *persons)
        given("clean.transaction")
        given("clean.clickstream_event", {"anonymous_id": "a", "user_id": "S2", "event_type": "page"})
        pending = []
        for asked in requests:
            run.count += 1
            pending += decisions_of(asked, AT + timedelta(hours=run.count))
        decisions = steward.apply_decisions(engine, pending)
        become(engine, steward.WRITES)
        identity.resolve_identities(engine, MatchRules.load(rule_version), decisions)
        become(engine, identity.WRITES)
        golden_record.build_golden_records(engine, Survivorship.load())
        become(engine, golden_record.WRITES)
        return {r["person_id"]: r["customer_id"] for r in engine.query("select person_id, customer_id from person")}

    return run_


def become(engine, writes):
    for table, step in writes.items():
        engine.step(table.replace(".", "_"), f"select {casts(Dataset.load(table))} from {step}")


def rows(engine):
    """Every row of every table of identity and of the golden records."""
    return {table: engine.query(f"select * from {table.replace('.', '_')} order by all") for table in TABLES}


@EITHER_RULES
def test_records_that_a_steward_merges_are_one_customer_in_every_later_run(run, engine):
    run([ANN, BOB], request("merge", "shop:S1", "shop:S2"))
    customers = run([BOB, ANN])
    assert customers["shop:S1"] == customers["shop:S2"]
    assert engine.query("select distinct matched_by from person") == [{"matched_by": "steward"}]


def test_a_record_that_a_steward_splits_off_stays_apart_whatever_it_shares(run):
    assert len(set(run([ANN, CRM]).values())) == 1
    run([ANN, CRM], request("split", "crm:C1", "shop:S1"))
    assert len(set(run([CRM, ANN]).values())) == 2


def test_a_visitor_follows_the_person_a_steward_merged(run, engine):
    customers = run([ANN, BOB], request("merge", "shop:S1", "shop:S2"))
    assert engine.query("select customer_id from identifier where identifier = 'a'") == [
        {"customer_id": customers["shop:S1"]}
    ]


@EITHER_RULES
def test_a_merge_answered_by_a_split_is_as_if_it_had_never_been_row_for_row(run, engine):
    run([ANN, BOB, CRM])
    never = rows(engine)
    run([ANN, BOB, CRM], request("merge", "shop:S1", "shop:S2"))
    merged = rows(engine)
    run([ANN, BOB, CRM], request("split", "shop:S2", "shop:S1"))
    assert rows(engine) == never
    assert all(merged[table] != never[table] for table in TABLES)


def test_a_split_answered_by_a_merge_holds(run):
    run([ANN, CRM], request("split", "crm:C1", "shop:S1"), request("merge", "crm:C1", "shop:S1"))
    assert len(set(run([ANN, CRM]).values())) == 1


def test_the_latest_decision_counts_whatever_order_they_are_read_in(run, engine, given):
    first, second = (decisions_of(request(action, "shop:S1", "shop:S2"), AT) for action in ("merge", "split"))
    later = [type(d)(**{**vars(d), "decided_at": AT + timedelta(seconds=1)}) for d in second]
    given("clean.customer", ANN, BOB)
    for pending in (first + later, later + first):
        assert steward.apply_decisions(engine, pending)["is_same"].to_pylist() == [False]


def test_a_decision_about_a_record_that_is_not_there_waits_and_one_about_an_erased_record_goes(run, engine):
    run([ANN], request("merge", "shop:S1", "shop:S2"))
    assert engine.query("select * from identity_steward_decision") == []
    run([ANN, BOB], request("merge", "shop:S1", "shop:S2"))
    assert len(engine.query("select * from identity_steward_decision")) == 1
    run([ANN])
    assert engine.query("select * from identity_steward_decision") == []


def test_a_split_takes_the_first_from_each_of_the_others_and_a_merge_makes_a_chain():
    pairs = [[(d.left_id, d.right_id) for d in decisions_of(request(a, "c:3", "a:1", "b:2"), AT)] for a in
             ("split", "merge")]  # fmt: skip
    assert pairs == [[("a:1", "c:3"), ("b:2", "c:3")], [("a:1", "c:3"), ("a:1", "b:2")]]


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        (request("join", "a:1", "b:2"), "action is merge or split"),
        (request("merge", "a:1", "b:2", reason=""), "who and why"),
        (request("merge", "a:1", "b:2", decided_by=None), "who and why"),
        (request("merge", "a:1"), "two or more"),
        (request("merge", "a:1", "a:1"), "two or more"),
        (request("split", "a:1", "b2"), "source:source_customer_id"),
        (request("split", "a:1", 2), "source:source_customer_id"),
        ({"action": "merge", "decided_by": "ann", "reason": "r"}, "two or more"),
    ],
)
def test_a_request_that_says_too_little_is_refused_with_an_example(asked, why):
    with pytest.raises(StewardError, match=why):
        decisions_of(asked, AT)
