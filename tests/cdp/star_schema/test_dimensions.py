"""Places, versions of products and the calendar."""

from datetime import date

import pytest

from tests.cdp.star_schema.rows import event, golden, identifier, line, product


def test_places_are_known_once_and_a_fact_points_at_its_own(build):
    query = build(
        lines=[line("T1", customer_source="shop", source_customer_id=c) for c in ("S1",)]
        + [line("T2", customer_source="shop", source_customer_id="S2"), line("T3")],
        events=[event("m1", anonymous_id="a-1", country="FR"), event("m2", anonymous_id="a-2")],
        identifiers=[identifier("source_customer_id", f"shop:S{n}", f"c_{n}") for n in (1, 2)],
        goldens=[golden("c_1", country="DE", city="Bonn"), golden("c_2", country="DE"), golden("c_3", city="Bonn")],
    )
    places = query("select country, city, is_city from dim_geography order by geography_key = -1 desc, country, city")
    assert [tuple(r.values()) for r in places] == [
        (None, "unknown", False), ("DE", "Bonn", True), ("DE", "unknown", False), ("FR", "unknown", False),
    ]  # fmt: skip
    sold = query(
        "select country, city from fact_sales join dim_geography using (geography_key) order by transaction_id"
    )
    assert [tuple(r.values()) for r in sold] == [("DE", "Bonn"), ("DE", "unknown"), (None, "unknown")]
    for fact in ("fact_clickstream", "fact_session"):
        seen = query(f"select g.country from {fact} f join dim_geography g using (geography_key) order by anonymous_id")
        assert [r["country"] for r in seen] == ["FR", None]


def test_equal_versions_of_a_product_are_one_and_the_first_holds_from_ever(build):
    versions = [product(f"2026-0{month}-01T00:00Z", price_cents=p) for month, p in ((1, 500), (2, 500), (3, 400))]
    rows = build(products=versions)("select * from dim_product order by product_key = -1, valid_from")
    assert [(f"{r['valid_from']:%Y-%m-%d}", f"{r['valid_to']:%Y-%m-%d}", r["list_price_cents"]) for r in rows] == [
        ("1900-01-01", "2026-03-01", 500),
        ("2026-03-01", "9999-12-31", 400),
        ("1900-01-01", "9999-12-31", None),
    ]
    assert rows[-1]["name"] == "unknown"


def test_the_calendar_has_every_day_to_the_end_of_the_year_after_next(build):
    query = build()
    (bounds,) = query("select min(date_on) as first, max(date_on) as last, count(*) as n from dim_date")
    assert bounds == {"first": date(2015, 1, 1), "last": date(2028, 12, 31), "n": 5114 + 1}


@pytest.mark.parametrize("day", ["2016-01-03", "2018-12-31", "2020-02-29", "2021-01-03", "2025-12-29", "2026-03-02"])
def test_the_calendar_knows_iso_weeks(build, day):
    day = date.fromisoformat(day)
    (row,) = build()(f"select * from dim_date where date_key = {day:%Y%m%d}")
    assert (row["iso_year"], row["iso_week"], row["iso_weekday"]) == tuple(day.isocalendar())
    assert (row["month_on"], row["is_weekend"]) == (day.replace(day=1), day.isoweekday() > 5)
