import random

import pyarrow as pa
import pytest

from cdp.identity import READS, resolve_identities
from cdp.matching.matches import NO_DECISIONS, resolve_matches
from cdp.matching.rules import MatchRules, MatchRulesError

BY_SHARED_IDENTIFIERS = MatchRules.load("v1")  # a record that states nothing but an e-mail address can be tied


def person(source_customer_id, email=None, phone=None, source="shop", updated_at="2026-01-01T00:00Z", created_at=None):
    record_id = f"{source}/{source_customer_id}/{updated_at}"
    return locals()


def event(anonymous_id=None, user_id=None, event_at="2026-03-01T10:00Z", event_type="identify"):
    return locals()


@pytest.fixture
def resolve(engine, given):
    """Customers and identifiers of the given person records, events and transactions."""

    def resolve(persons=(), events=(), transactions=()):
        for name, rows in zip(READS, (persons, transactions, events), strict=True):
            given(name, *rows)
        (resolve.fates,) = resolve_identities(engine, BY_SHARED_IDENTIFIERS)
        customers = engine.query("select person_id, customer_id from person order by 1")
        return {row["person_id"]: row["customer_id"] for row in customers}

    def identifiers():
        rows = engine.query("select * from identifier")
        found = {(r["identifier_type"], r["identifier"]): (r["customer_id"], r["is_known"]) for r in rows}
        assert len(found) == len(rows)
        return found

    resolve.identifiers = identifiers
    return resolve


def test_person_records_with_the_same_email_or_phone_are_one_customer(resolve):
    one, crm = person("S1", "ann@x.org"), person("C1", "ann@x.org", "+4930123456", source="crm")
    customers = resolve([one, crm, person("S2", phone="+4930123456"), person("S3", "bob@x.org")])
    assert customers["shop:S1"] == customers["crm:C1"] == customers["shop:S2"] != customers["shop:S3"]


def test_a_customer_is_named_after_the_person_record_created_first_then_the_smallest(resolve):
    shop = person("S1", "ann@x.org", created_at="2025-01-01T00:00Z")
    crm = person("C1", "ann@x.org", source="crm", created_at="2025-02-01T00:00Z")
    assert resolve([shop, crm])["crm:C1"] == "c_b074a73d2b32873b2e3b22d1"  # md5("shop:S1")
    assert resolve([shop, crm | {"created_at": shop["created_at"]}])["shop:S1"] == "c_71e3f2ef633ef3031fb25d9a"


@pytest.mark.parametrize(
    "identifiers",
    [
        {"email": "test@test.com"},
        {"email": "a@a.com"},
        {"email": "info@x.org"},
        {"email": "no-reply@x.org"},
        {"email": "null"},
        {"email": "anonymous"},
        {"email": "-1"},
        {"phone": "0000-000"},
        {"phone": "+491111111111"},
        {"phone": "110"},
    ],
    ids=str,
)
def test_a_blocked_value_ties_nobody_and_leads_nowhere(resolve, identifiers):
    customers = resolve([person("S1", **identifiers), person("S2", **identifiers)])
    assert customers["shop:S1"] != customers["shop:S2"]
    assert {kind for kind, _ in resolve.identifiers()} == {"source_customer_id"}


@pytest.mark.parametrize(("count", "is_tied"), [(10, True), (11, False)])
def test_a_value_shared_by_more_than_the_limit_ties_nobody(resolve, count, is_tied):
    customers = resolve([person(f"S{i}", phone="+4930123456") for i in range(count)])
    assert len(set(customers.values())) == (1 if is_tied else count)
    assert (("phone", "+4930123456") in resolve.identifiers()) == is_tied


def test_only_the_current_version_of_a_person_record_ties(resolve):
    mistyped = person("S1", "bob@x.org", updated_at="2026-01-01T00:00Z")
    corrected = person("S1", "ann@x.org", updated_at="2026-01-02T00:00Z")
    customers = resolve([corrected, mistyped, person("S2", "bob@x.org")])
    assert customers["shop:S1"] != customers["shop:S2"]


def test_a_chain_of_200_is_one_customer(resolve):
    # Each record shares its e-mail with the one before it and its phone with the one after, or the other way round.
    chain = [person(f"S{i:03}", f"{(i + 1) // 2}@x.org", f"+4930{123000 + i // 2}") for i in range(200)]
    customers = resolve(chain)
    assert len(customers) == 200
    assert len(set(customers.values())) == 1


def test_a_steward_decides_against_the_rules(resolve, engine):
    persons = [person("S1", "ann@x.org"), person("S2", "ann@x.org"), person("S3", "bob@x.org")]
    resolve(persons)
    pairs = [("shop:S1", "shop:S2", False), ("shop:S1", "shop:S3", True), ("shop:S1", "gone", True)]
    decisions = [dict(zip(NO_DECISIONS.column_names, pair, strict=True)) for pair in pairs]
    resolve_matches(engine, BY_SHARED_IDENTIFIERS, pa.Table.from_pylist(decisions, NO_DECISIONS.schema))
    rows = engine.query("select person_id, cluster_id from membership order by 1")
    assert [row["cluster_id"] for row in rows] == ["shop:S1", "shop:S2", "shop:S1"]


def test_what_ties_a_record_is_written_down(resolve, engine):
    resolve(
        [person("S1", "ann@x.org", "+4930123456"), person("S2", "ann@x.org", "+4930123456"), person("S3", "bob@x.org")]
    )
    rows = engine.query("select source_customer_id as id, matched_by, rule_version from person order by 1")
    assert [(r["id"], r["matched_by"], r["rule_version"]) for r in rows] == [
        ("S1", "email,phone", "v1"),
        ("S2", "email,phone", "v1"),
        ("S3", None, "v1"),
    ]


def test_an_anonymous_id_belongs_to_the_user_it_logged_in(resolve):
    customers = resolve([person("S1")], [event("a-1", "S1"), event("a-1"), event("a-2")])
    identifiers = resolve.identifiers()
    assert identifiers["anonymous_id", "a-1"] == (customers["shop:S1"], True)
    customer_id, is_known = identifiers["anonymous_id", "a-2"]
    assert customer_id.startswith("a_")
    assert not is_known


@pytest.mark.parametrize(
    ("events", "owner"),
    [
        ([event("a", "S1"), event("a", "S2"), event("a", "S2")], "S2"),
        ([event("a", "S1", "2026-03-01T00:00Z"), event("a", "S2", "2026-03-02T00:00Z")], "S2"),
        ([event("a", "S2"), event("a", "S1")], "S1"),
        ([event("a"), event("a"), event("a", "S1")], "S1"),
    ],
    ids=["most events", "most recent", "smallest id", "any user before nobody"],
)
def test_a_shared_device_belongs_to_one_user_and_ties_nobody(resolve, events, owner):
    customers = resolve([person("S1"), person("S2")], events)
    assert resolve.identifiers()["anonymous_id", "a"] == (customers[f"shop:{owner}"], True)
    assert customers["shop:S1"] != customers["shop:S2"]


def test_a_user_without_a_person_record_is_the_customer_it_will_be(resolve):
    resolve([], [event("a", "S1")], [{"customer_source": "crm", "source_customer_id": "C7"}])
    before = resolve.identifiers()
    assert before["source_customer_id", "shop:S1"] == before["anonymous_id", "a"]
    assert before["source_customer_id", "shop:S1"][1] is False
    customers = resolve([person("S1"), person("C7", source="crm")], [event("a", "S1")])
    assert customers["shop:S1"] == before["source_customer_id", "shop:S1"][0]
    assert customers["crm:C7"] == before["source_customer_id", "crm:C7"][0]
    assert all(is_known for _, is_known in resolve.identifiers().values())


def test_blocked_ids_of_events_and_transactions_are_nobody(resolve):
    events = [event("00000000-0000-0000-0000-000000000000", "null"), event("a", "-1"), event("NULL", "Anonymous")]
    resolve([], events, [{"customer_source": "shop", "source_customer_id": " Unknown "}])
    assert list(resolve.identifiers()) == [("anonymous_id", "a")]


def test_a_person_record_is_found_by_its_own_id_whatever_that_is(resolve):
    customers = resolve([person("-1")], [event("a", "-1")])
    assert resolve.identifiers()["source_customer_id", "shop:-1"] == (customers["shop:-1"], True)
    assert not resolve.identifiers()["anonymous_id", "a"][1]


def test_order_does_not_matter(resolve):
    draw = random.Random(7)
    persons = [person(f"S{i:02}", f"{draw.randrange(30)}@x.org", f"+4930123{draw.randrange(40):03}") for i in range(60)]
    events = [event(f"a{draw.randrange(9)}", f"S{draw.randrange(80):02}") for _ in range(90)]
    first = resolve(persons, events), resolve.identifiers()
    draw.shuffle(persons)
    draw.shuffle(events)
    assert (resolve(persons, events), resolve.identifiers()) == first


def test_each_person_record_is_accounted_for(resolve):
    resolve([person("S1"), person("S1", updated_at="2026-02-01T00:00Z"), person("C1", source="crm")])
    assert (resolve.fates.stage, resolve.fates.dataset) == ("resolve_identities", "customer")
    assert (resolve.fates.received, resolve.fates.accepted) == (2, 2)


def test_without_any_data_there_is_nobody(resolve):
    assert resolve() == {}
    assert resolve.identifiers() == {}
    assert resolve.fates.is_balanced


def test_rules_that_do_not_exist_are_named():
    with pytest.raises(MatchRulesError, match=r"rules\.v0\.yml"):
        MatchRules.load("v0")
