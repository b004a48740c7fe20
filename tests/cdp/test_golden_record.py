import random
from dataclasses import replace
from datetime import date

import pytest

from cdp.golden_record import build_golden_records
from cdp.survivorship import ATTRIBUTES, Survivorship, SurvivorshipError

EVER, FOR_EVER = "1900-01-01", "9999-12-31"


def version(updated_at, source="shop", source_customer_id="S1", **attributes):
    stated = {"created_at": "2025-06-01T00:00Z", "record_id": f"{source}/{updated_at}"} | attributes
    return {"source": source, "source_customer_id": source_customer_id, "updated_at": f"{updated_at}T00:00Z"} | stated


@pytest.fixture
def build(engine, given):
    """Golden records of versions of person records that are all customer c_1 (or as `customers` says)."""

    def build(*versions, customers=None, rules=None):
        given("clean.customer", *versions)
        persons = {(v["source"], v["source_customer_id"]): "c_1" for v in versions} | (customers or {})
        given(
            "identity.person",
            *({"source": s, "source_customer_id": i, "customer_id": c} for (s, i), c in persons.items()),
        )
        (build.fates,) = build_golden_records(engine, rules or Survivorship.load())
        return engine.query("select * from golden_record order by customer_id, valid_from")

    return build


def history(records, *attributes):
    return [(f"{r['valid_from']:%Y-%m-%d}", f"{r['valid_to']:%Y-%m-%d}", *(r[a] for a in attributes)) for r in records]


def test_a_change_ends_one_version_and_starts_the_next(build):
    records = build(version("2026-01-01", city="Bonn"), version("2026-02-01", city="Köln"))
    assert history(records, "city", "is_current") == [
        (EVER, "2026-02-01", "Bonn", False),
        ("2026-02-01", FOR_EVER, "Köln", True),
    ]


def test_the_most_recent_value_of_any_source_wins_per_attribute(build):
    records = build(
        version("2026-01-01", email="a@x.org", city="Bonn"),
        version("2026-02-01", "crm", "C1", city="Köln", phone="+4930123456"),
    )
    assert history(records, "email", "city", "phone") == [
        (EVER, "2026-02-01", "a@x.org", "Bonn", None),
        ("2026-02-01", FOR_EVER, "a@x.org", "Köln", "+4930123456"),
    ]


def test_a_version_that_says_nothing_leaves_the_value_as_it_was(build):
    records = build(version("2026-01-01", city="Bonn", has_marketing_consent=True), version("2026-02-01", city="Köln"))
    assert [r["has_marketing_consent"] for r in records] == [True, True]


def test_equal_versions_are_one(build):
    records = build(*(version(f"2026-0{month}-01", city="Bonn") for month in (1, 2, 3)))
    assert history(records, "city") == [(EVER, FOR_EVER, "Bonn")]


def test_a_value_that_comes_back_is_a_version_of_its_own(build):
    records = build(*(version(f"2026-0{m}-01", city=city) for m, city in ((1, "Bonn"), (2, "Köln"), (3, "Bonn"))))
    assert [r["city"] for r in records] == ["Bonn", "Köln", "Bonn"]


def test_a_tie_goes_to_the_first_source(build):
    records = build(version("2026-01-01", city="Bonn"), version("2026-01-01", "crm", "C1", city="Köln"))
    assert history(records, "city", "count_person_records") == [(EVER, FOR_EVER, "Köln", 2)]


def test_a_tie_within_a_source_goes_to_the_smallest_record_id(build):
    records = build(
        version("2026-01-01", source_customer_id="S1", city="Bonn", record_id="b"),
        version("2026-01-01", source_customer_id="S2", city="Köln", record_id="a"),
    )
    assert history(records, "city") == [(EVER, FOR_EVER, "Köln")]


def test_the_first_source_to_know_the_person_says_since_when(build):
    records = build(
        version("2026-01-01"),
        version("2026-02-01", "crm", "C1", created_at="2024-01-01T00:00Z"),
    )
    assert [f"{r['created_at']:%Y}" for r in records] == ["2025", "2024"]
    assert [r["count_person_records"] for r in records] == [1, 2]


def test_customers_do_not_mix(build):
    records = build(
        version("2026-01-01", city="Bonn"),
        version("2026-02-01", source_customer_id="S2", city="Köln"),
        customers={("shop", "S2"): "c_2"},
    )
    assert [(r["customer_id"], r["city"]) for r in records] == [("c_1", "Bonn"), ("c_2", "Köln")]


def test_each_current_value_says_where_it_comes_from(build, engine):
    build(version("2026-01-01", email="a@x.org", city="Bonn"), version("2026-02-01", "crm", "C1", city="Köln"))
    rows = engine.query("select * from golden_record_provenance order by attribute")
    assert [(r["attribute"], r["source"], r["source_customer_id"], r["record_id"], r["rule"]) for r in rows] == [
        ("city", "crm", "C1", "crm/2026-02-01", "recent"),
        ("email", "shop", "S1", "shop/2026-01-01", "only"),
    ]


def test_the_only_version_of_a_customer_is_its_golden_record_and_the_source_of_all_it_states(build, engine):
    (record,) = build(version("2026-01-01", email="a@x.org", city="Bonn"))
    assert history([record], "email", "city", "phone", "count_person_records") == [
        (EVER, FOR_EVER, "a@x.org", "Bonn", None, 1)
    ]
    rows = engine.query("select * from golden_record_provenance order by attribute")
    assert [(r["attribute"], r["record_id"], r["rule"], r["count_values"]) for r in rows] == [
        ("city", "shop/2026-01-01", "only", 1),
        ("email", "shop/2026-01-01", "only", 1),
    ]


def rules(*strategies, **said):
    """Survivorship rules with one order of strategies for every attribute; trust and the like as said."""
    said = {"trust": {}, "attribute_trust": {}, "verified_by": {}} | said
    return Survivorship("v9", dict.fromkeys(ATTRIBUTES, strategies), **said)


TYPO = (
    version("2026-01-01", "shop", "S1", first_name="Johanna"),
    version("2026-01-02", "shop", "S2", first_name="Johanna"),
    version("2026-01-03", "crm", "C1", first_name="Jo"),
)


@pytest.mark.parametrize(
    ("order", "winner", "rule"),
    [
        (rules("frequent", "recent"), "Johanna", "frequent"),
        (rules("recent"), "Jo", "recent"),
        (rules("complete"), "Johanna", "complete"),
        (rules("trusted", trust={"crm": 2, "shop": 1}), "Jo", "trusted"),
        (rules("trusted", "frequent", trust={"crm": 1, "shop": 1}), "Johanna", "frequent"),
        (rules("trusted", trust={"crm": 2}, attribute_trust={"first_name": {"shop": 3}}), "Johanna", "trusted"),
        (rules("verified", verified_by={"first_name": ["shop"]}), "Johanna", "verified"),
        (rules("verified", verified_by={"city": ["shop"]}), "Jo", "recent"),
    ],
)
def test_the_first_strategy_that_tells_values_apart_decides_and_is_written_down(build, engine, order, winner, rule):
    (*_, last) = build(*TYPO, rules=order)
    assert last["first_name"] == winner
    (why,) = engine.query("select * from golden_record_provenance where attribute = 'first_name'")
    assert (why["rule"], why["count_values"], why["survivorship_version"]) == (rule, 2, "v9")
    other = {"Johanna": "C1", "Jo": "S2"}[winner]
    assert why["runner_up_source_customer_id"] == other


def test_the_winner_changes_when_the_majority_does(build):
    records = build(*TYPO, version("2026-01-04", "store", "T1", first_name="Jo"), rules=rules("frequent"))
    assert [r["first_name"] for r in records] == ["Johanna", "Johanna", "Johanna", "Jo"]


def test_a_record_speaks_with_what_it_stated_last_however_often_it_stated_something_else(build):
    often = (version(f"2026-01-0{n}", "shop", "S1", first_name="Jo") for n in range(1, 4))
    corrected = version("2026-01-05", "shop", "S1", first_name="Johanna")
    records = build(
        *often, corrected, version("2026-01-01", "crm", "C1", first_name="Johanna"), rules=rules("frequent")
    )
    assert records[-1]["first_name"] == "Johanna"


def test_dates_and_yes_or_no_survive_as_what_they_are(build):
    born = (date(1980, 2, 29), date(1980, 2, 28), date(1980, 2, 29))
    said = [
        version(f"2026-01-0{n}", "shop", f"S{n}", birth_on=day, has_marketing_consent=n % 2 == 0)
        for n, day in enumerate(born, 1)
    ]
    (*_, last) = build(*said, rules=rules("frequent"))
    assert (last["birth_on"], last["has_marketing_consent"]) == (date(1980, 2, 29), False)


def test_less_trust_in_a_source_changes_what_it_alone_won_by_trust_and_nothing_else(build, engine):
    def provenance():
        rows = engine.query("select * from golden_record_provenance order by customer_id, attribute")
        return {(r["customer_id"], r["attribute"]): r for r in rows}

    versions = [
        version("2026-01-01", "shop", "S1", first_name="Ann", last_name="Lee", city="Bonn", email="a@x.org"),
        version("2026-01-02", "crm", "C1", first_name="Anne", last_name="Lee", city="Köln", email="b@x.org"),
        version("2026-01-03", "store", "T1", email="b@x.org"),
        version("2026-01-01", "shop", "S2", first_name="Bo"),
        version("2026-01-02", "store", "T2", first_name="Bob"),
    ]
    customers = {("shop", "S2"): "c_2", ("store", "T2"): "c_2"}
    shipped = Survivorship.load()
    trusting = build(*versions, customers=customers, rules=replace(shipped, trust={"crm": 3, "shop": 2, "store": 1}))
    before = provenance()
    doubting = build(*versions, customers=customers, rules=replace(shipped, trust={"crm": 0, "shop": 2, "store": 1}))
    after = provenance()
    assert {key for key in before if before[key] != after[key]} == {("c_1", "first_name")}
    assert [r["first_name"] for r in trusting if r["is_current"]] == ["Anne", "Bo"]
    assert [r["first_name"] for r in doubting if r["is_current"]] == ["Ann", "Bo"]
    unnamed = [
        [{k: v for k, v in r.items() if k != "first_name"} for r in rows if r["is_current"]]
        for rows in (trusting, doubting)
    ]
    assert unnamed[0] == unnamed[1]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"attributes": {"email": ["recent"]}}, "attributes are exactly"),
        ({"attributes": {name: ["newest"] for name in ATTRIBUTES}}, "no strategy newest"),
        ({"verified_by": {"shoe_size": ["shop"]}}, "shoe_size is no attribute"),
    ],
)
def test_rules_that_say_something_unknown_are_refused(change, why):
    assert why in "; ".join(replace(Survivorship.load(), **change).problems())


def test_rules_that_do_not_exist_are_named():
    with pytest.raises(SurvivorshipError, match=r"survivorship\.v0\.yml"):
        Survivorship.load("v0")


def test_order_does_not_matter(build):
    draw = random.Random(3)
    versions = [
        version(f"2026-{1 + n % 12:02}-{1 + n % 5:02}", "crm" if n % 3 else "shop", f"{n % 4}",
                record_id=str(n), city=draw.choice(["Bonn", None, "Köln"]),
                first_name=draw.choice(["Ann", None, "Anne"]))
        for n in range(60)
    ]  # fmt: skip
    first = build(*versions)
    draw.shuffle(versions)
    assert build(*versions) == first


def test_each_person_record_is_accounted_for(build):
    build(version("2026-01-01"), version("2026-02-01"), version("2026-02-01", "crm", "C1"))
    assert (build.fates.stage, build.fates.received, build.fates.accepted) == ("build_golden_records", 2, 2)


def test_a_customer_without_a_golden_record_is_an_imbalance(build):
    build(version("2026-01-01"), customers={("shop", "S9"): "c_9"})
    assert not build.fates.is_balanced
