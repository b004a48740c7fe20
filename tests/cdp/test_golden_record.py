import random

import pytest

from cdp.golden_record import build_golden_records

EVER, FOR_EVER = "1900-01-01", "9999-12-31"


def version(updated_at, source="shop", source_customer_id="S1", **attributes):
    stated = {"created_at": "2025-06-01T00:00Z", "record_id": f"{source}/{updated_at}"} | attributes
    return {"source": source, "source_customer_id": source_customer_id, "updated_at": f"{updated_at}T00:00Z"} | stated


@pytest.fixture
def build(engine, given):
    """Golden records of versions of person records that are all customer c_1 (or as `customers` says)."""

    def build(*versions, customers=None):
        given("clean.customer", *versions)
        persons = {(v["source"], v["source_customer_id"]): "c_1" for v in versions} | (customers or {})
        given(
            "identity.person",
            *({"source": s, "source_customer_id": i, "customer_id": c} for (s, i), c in persons.items()),
        )
        (build.fates,) = build_golden_records(engine)
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
        ("city", "crm", "C1", "crm/2026-02-01", "most_recent"),
        ("email", "shop", "S1", "shop/2026-01-01", "most_recent"),
    ]


def test_order_does_not_matter(build):
    draw = random.Random(3)
    versions = [
        version(f"2026-{1 + n % 12:02}-{1 + n % 5:02}", "crm" if n % 3 else "shop", f"{n % 4}",
                record_id=str(n), city=draw.choice(["Bonn", None, "Köln"]))
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
