from datetime import UTC, date, datetime

import pytest

from cdp.dataset import Dataset
from cdp.star_schema import PARTS, build_part

RUN_AT = datetime(2026, 3, 2, 2, 30, tzinfo=UTC)
WRITES = {table: step for part in PARTS for table, step in part.writes.items()}


def line(transaction_id="T1", line_number=1, at="2026-02-01T10:00Z", updated_at="2026-02-01T10:00Z", **other):
    stated = {"transaction_type": "sale", "product_id": "P1", "quantity": 2, "unit_price_cents": 500, "channel": "web"}
    stated |= {"discount_cents": 100, "tax_cents": 60, "currency": "EUR", "record_id": "r"} | other
    keys = {"transaction_id": transaction_id, "line_number": line_number}
    return keys | {"transaction_at": at, "updated_at": updated_at, **stated}


def event(message_id, at="2026-02-01T10:00Z", anonymous_id=None, user_id=None, **other):
    on = date.fromisoformat(at[:10])
    ids = {"message_id": message_id, "anonymous_id": anonymous_id, "user_id": user_id}
    return ids | {"event_at": at, "event_on": on, "event_type": "page"} | other


def product(updated_at, price_cents=500, **other):
    stated = {"product_id": "P1", "name": "Lamp", "category": "home", "price_cents": price_cents, "is_active": True}
    return stated | {"currency": "EUR", "updated_at": updated_at} | other


def golden(customer_id, valid_from="1900-01-01T00:00Z", valid_to="9999-12-31T00:00Z", **other):
    return {"customer_id": customer_id, "valid_from": valid_from, "valid_to": valid_to, "is_current": True} | other


def identifier(identifier_type, value, customer_id):
    return {"identifier_type": identifier_type, "identifier": value, "customer_id": customer_id, "is_known": True}


def ticket(ticket_id, at="2026-02-01T10:00Z", updated_at="2026-02-01T10:00Z", **other):
    stated = {"channel": "chat", "topic": "delivery", "priority": "low", "status": "open"}
    keys = {"ticket_id": ticket_id, "updated_at": updated_at, "record_id": f"{ticket_id} {updated_at}"}
    return keys | {"opened_at": at} | stated | other


def campaign(campaign_id, updated_at="2026-01-01T00:00Z", **other):
    stated = {"name": "spring", "channel": "email", "currency": "EUR", "record_id": "r"}
    return {"campaign_id": campaign_id, "updated_at": updated_at} | stated | other


def contact(contact_id, at="2026-02-01T10:00Z", **other):
    stated = {"campaign_id": "M1", "channel": "email", "event_type": "sent", "contact_month": date(2026, 2, 1)}
    return {"contact_id": contact_id, "record_id": contact_id, "contacted_at": at} | stated | other


def consent(consent_id, at="2026-02-01T10:00Z", **other):
    keys = {"consent_id": consent_id, "record_id": consent_id}
    return keys | {"occurred_at": at, "purpose": "email_marketing", "is_granted": True} | other


@pytest.fixture
def build(engine, given):
    """The star over the given rows by table; returns a query function."""

    def build(products=(), lines=(), events=(), identifiers=(), goldens=(), **other):
        named = {
            "clean.product": products,
            "clean.transaction": lines,
            "clean.clickstream_event": events,
            "identity.identifier": identifiers,
            "curated.golden_record": goldens,
            **{f"clean.{name}": rows for name, rows in other.items()},
        }
        for name in {table for part in PARTS for table in part.reads}:
            given(name, *named.get(name, ()))
        build.fates = [fates for part in PARTS for fates in build_part(engine, part, RUN_AT)]
        return engine.query

    return build


def test_a_sale_adds_up_and_a_refund_takes_it_back(build):
    query = build(lines=[line("T1"), line("T2", transaction_type="refund")])
    amounts = "quantity, gross_cents, discount_cents, tax_cents, net_cents"
    rows = query(f"select is_refund, {amounts} from fact_sales order by transaction_id")
    assert [tuple(r.values()) for r in rows] == [
        (False, 2, 1000, 100, 60, 900),
        (True, -2, -1000, -100, -60, -900),
    ]


def test_an_amount_no_column_holds_is_null_and_stops_nobody_else(build):
    query = build(lines=[line("T1", quantity=2**31 - 1, unit_price_cents=2**53 - 1), line("T2")])
    rows = query("select gross_cents, net_cents from fact_sales order by transaction_id")
    assert [tuple(r.values()) for r in rows] == [(None, None), (1000, 900)]


def test_only_the_latest_version_of_a_line_counts(build):
    lines = [line(quantity=3, updated_at="2026-02-03T00:00Z"), line(), line(line_number=2)]
    query = build(lines=lines)
    assert query("select line_number, quantity from fact_sales order by 1") == [
        {"line_number": 1, "quantity": 3},
        {"line_number": 2, "quantity": 2},
    ]


def test_a_sale_points_at_the_customer_and_product_as_they_were(build):
    query = build(
        products=[product("2026-01-01T00:00Z"), product("2026-02-01T00:00Z", price_cents=400)],
        lines=[
            line("T1", at="2026-01-31T23:59:59Z", customer_source="shop", source_customer_id="S1"),
            line("T2", at="2026-02-01T00:00Z", customer_source="shop", source_customer_id="S1"),
        ],
        identifiers=[identifier("source_customer_id", "shop:S1", "c_1")],
        goldens=[
            golden("c_1", valid_to="2026-02-01T00:00Z", city="Bonn"),
            golden("c_1", valid_from="2026-02-01T00:00Z", city="Köln"),
        ],
    )
    rows = query(
        """select f.customer_id, c.city, p.list_price_cents from fact_sales f
        join dim_customer c using (customer_key) join dim_product p using (product_key) order by transaction_id"""
    )
    assert [tuple(r.values()) for r in rows] == [("c_1", "Bonn", 500), ("c_1", "Köln", 400)]


def test_what_is_not_known_points_at_the_unknown_member(build):
    lines = [line("T1", at="2014-12-31T00:00Z", product_id="P9", channel="fax"), line("T2", customer_source="shop")]
    query = build(lines=lines, identifiers=[identifier("source_customer_id", "shop", "c_1")], goldens=[golden("c_1")])
    rows = query(
        "select date_key, product_key, channel_key, customer_key, customer_id from fact_sales order by sales_key"
    )
    assert {(-1, -1, -1, -1, None)} < {tuple(r.values()) for r in rows}
    assert {(r["customer_key"], r["customer_id"]) for r in rows} == {(-1, None)}


def test_no_fact_is_an_orphan(build):
    query = build(
        products=[product("2026-01-01T00:00Z")],
        lines=[line("T1"), line("T2", product_id="P9"), line("T3", at="2999-01-01T00:00Z", channel="fax")],
        events=[event("m1", user_id="S1", product_id="P1"), event("m2", "2026-02-02T00:00Z", "a-1", app_name="App")],
        identifiers=[identifier("source_customer_id", "shop:S1", "c_1")],
        goldens=[golden("c_1")],
    )
    facts = [Dataset.load(table) for table in WRITES if ".fact_" in table]
    references = [(fact.table, c.name, c.references) for fact in facts for c in fact.columns if c.references]
    for fact, key, reference in references:
        dimension = reference.split(".")[0]
        found = query(f"select count(*) as n from {fact} join {dimension} using ({key})")
        assert found == query(f"select count(*) as n from {fact}"), (fact, key)


def test_a_session_ends_after_thirty_minutes_without_an_event(build):
    times = ("10:00:00", "10:30:00", "11:00:00.000001", "11:00:00.000001")
    events = [event(f"m{i}", f"2026-02-01T{time}Z", "a-1") for i, time in enumerate(times)]
    query = build(events=[*events, event("m9", "2026-02-01T10:00Z", "a-2")])
    rows = query("select message_id, session_id, session_event_number as n from fact_clickstream order by 1")
    assert [r["n"] for r in rows] == [1, 2, 1, 2, 1]
    assert len({r["session_id"] for r in rows}) == 3
    assert rows[2]["session_id"] == rows[3]["session_id"]


def test_an_event_belongs_to_its_user_else_to_the_user_of_its_device(build):
    query = build(
        events=[
            event("m1", anonymous_id="a-1", user_id="S2"),
            event("m2", anonymous_id="a-1"),
            event("m3", anonymous_id="a-1", user_id="null"),
            event("m4", anonymous_id="a-2"),
            event("m5", anonymous_id="null"),
        ],
        identifiers=[
            identifier("anonymous_id", "a-1", "c_1"),
            identifier("anonymous_id", "a-2", "a_2"),
            identifier("source_customer_id", "shop:S2", "c_2"),
        ],
        goldens=[golden("c_1"), golden("c_2")],
    )
    rows = query("select customer_id, customer_key = -1 as is_unknown from fact_clickstream order by message_id")
    assert [tuple(r.values()) for r in rows] == [
        ("c_2", False), ("c_1", False), ("c_1", False), ("a_2", True), (None, True),
    ]  # fmt: skip


def test_a_session_says_what_happened_in_it_and_what_it_brought(build):
    happened = (
        ("10:00:00", {"event_type": "page", "url_path": "/", "campaign_name": "spring", "country": "DE"}),
        ("10:05:00", {"event_type": "track", "event_name": "Product Viewed"}),
        ("10:06:00", {"event_type": "track", "event_name": "Product Added", "revenue_cents": 500}),
        ("10:07:00", {"event_type": "track", "event_name": "Order Completed", "revenue_cents": 500, "currency": "EUR"}),
        ("10:07:30.5", {"event_type": "track", "event_name": "Order Completed", "revenue_cents": 7, "currency": "EUR"}),
    )
    events = [event(f"m{n}", f"2026-02-01T{t}Z", "a-1", **what) for n, (t, what) in enumerate(happened)]
    (row,) = build(events=events)("select * from fact_session")
    shown = ("duration_ms", "count_events", "count_pages", "count_products_added", "count_orders", "revenue_cents")
    assert [row[name] for name in shown] == [450_500, 5, 1, 1, 2, 507]
    assert (row["currency"], row["landing_path"], row["campaign_name"], row["date_key"]) == (
        "EUR",
        "/",
        "spring",
        20260201,
    )


def test_a_session_with_orders_in_two_currencies_states_no_sum(build):
    order = {"event_type": "track", "event_name": "Order Completed", "revenue_cents": 500}
    events = [event(f"m{c}", anonymous_id="a-1", currency=c, **order) for c in ("EUR", "CHF")]
    (row,) = build(events=events)("select count_orders, revenue_cents, currency from fact_session")
    assert tuple(row.values()) == (2, None, None)


def test_a_session_is_that_of_the_customer_last_known_in_it_as_they_were_at_its_start(build):
    query = build(
        events=[
            event("m1", "2026-02-01T23:50Z", "a-1"),
            event("m2", "2026-02-02T00:10Z", "a-1", user_id="S1"),
            event("m3", "2026-02-02T00:11Z", "a-1", user_id="S9"),
        ],
        identifiers=[identifier("source_customer_id", "shop:S1", "c_1")],
        goldens=[
            golden("c_1", valid_to="2026-02-02T00:00Z", city="Bonn"),
            golden("c_1", valid_from="2026-02-02T00:00Z", city="Köln"),
        ],
    )
    rows = query("select s.customer_id, c.city from fact_session s join dim_customer c using (customer_key)")
    assert [tuple(r.values()) for r in rows] == [("c_1", "Bonn")]


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
        seen = query(
            f"select country from {fact} f join dim_geography g using (geography_key) order by anonymous_id".replace(
                "select country", "select g.country"
            )
        )
        assert [r["country"] for r in seen] == ["FR", None]


def test_an_event_of_an_app_came_through_the_app(build):
    query = build(events=[event("m1", user_id="S1", app_name="Shop App"), event("m2", user_id="S1")])
    rows = query("select channel from fact_clickstream join dim_channel using (channel_key) order by message_id")
    assert [r["channel"] for r in rows] == ["mobile_app", "web"]


def test_who_asked_got_a_message_or_agreed_is_known_by_id_else_by_address_else_a_stranger(build):
    who = (
        {"customer_source": "shop", "source_customer_id": "S1", "email": "b@x.org"},
        {"customer_source": "shop", "source_customer_id": "S9", "email": "b@x.org"},
        {"email": "nobody@x.org"},
    )
    query = build(
        support_ticket=[ticket(f"K{n}", **w) for n, w in enumerate(who)],
        campaign_contact=[contact(f"N{n}", **w) for n, w in enumerate(who)],
        consent=[consent(f"E{n}", **w) for n, w in enumerate(who)],
        identifiers=[
            identifier("source_customer_id", "shop:S1", "c_1"),
            identifier("email", "b@x.org", "c_2"),
            identifier("anonymous_id", "nobody@x.org", "c_3"),
        ],
        goldens=[golden("c_1"), golden("c_2")],
    )
    for fact, key in (("support_ticket", "ticket"), ("campaign_contact", "contact"), ("consent", "consent")):
        rows = query(f"select customer_id, customer_key = -1 as is_unknown from fact_{fact} order by {key}_id")
        assert [tuple(r.values()) for r in rows] == [("c_1", False), ("c_2", False), (None, True)], fact


def test_a_ticket_is_as_last_stated_and_says_how_long_it_took(build):
    late = {"first_response_at": "2026-02-01T10:30Z", "resolved_at": "2026-02-02T10:00:00.5Z", "status": "resolved"}
    tickets = [ticket("K1", updated_at="2026-02-03T00:00Z", **late), ticket("K1"), ticket("K2")]
    rows = build(support_ticket=tickets)(
        "select status, first_response_ms, resolution_ms from fact_support_ticket order by ticket_id"
    )
    assert [tuple(r.values()) for r in rows] == [("resolved", 1_800_000, 86_400_500), ("open", None, None)]


def test_a_message_points_at_its_campaign_as_last_stated(build):
    query = build(
        campaign=[campaign("M1", name="old"), campaign("M1", "2026-01-02T00:00Z"), campaign("M2", currency="CHF")],
        campaign_contact=[contact("N1", cost_cents=7), contact("N2", campaign_id="M9")],
    )
    rows = query(
        """select k.name, f.cost_cents, f.currency, h.channel from fact_campaign_contact f
        join dim_campaign k using (campaign_key) join dim_channel h using (channel_key) order by contact_id"""
    )
    assert [tuple(r.values()) for r in rows] == [("spring", 7, "EUR", "email"), ("unknown", None, None, "email")]
    assert query("select count(*) as n from dim_campaign") == [{"n": 3}]


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


def test_every_line_and_event_is_accounted_for(build):
    build(
        lines=[line(), line(updated_at="2026-02-02T00:00Z"), line("T2")],
        events=[event("m1", user_id="S1")],
        support_ticket=[ticket("K1"), ticket("K1", updated_at="2026-02-03T00:00Z")],
        campaign_contact=[contact("N1"), contact("N2")],
        consent=[consent("E1")],
    )
    assert [(f.stage, f.dataset, f.received, f.accepted) for f in build.fates] == [
        ("build_star_schema", "transaction", 2, 2),
        ("build_star_schema", "clickstream_event", 1, 1),
        ("build_star_schema", "campaign_contact", 2, 2),
        ("build_star_schema", "support_ticket", 1, 1),
        ("build_star_schema", "consent", 1, 1),
    ]


@pytest.mark.parametrize("table", WRITES)
def test_every_column_of_the_contract_is_made(build, table):
    query = build()
    columns = ", ".join(f"cast({c.name} as {c.type}) as {c.name}" for c in Dataset.load(table).columns)
    query(f"select {columns} from {WRITES[table]}")
