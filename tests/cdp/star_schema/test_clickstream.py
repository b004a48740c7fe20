"""Events and the sessions they make: where one ends, whose it is, what happened in it."""

from tests.cdp.star_schema.rows import event, golden, identifier


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


def test_an_event_of_an_app_came_through_the_app(build):
    query = build(events=[event("m1", user_id="S1", app_name="Shop App"), event("m2", user_id="S1")])
    rows = query("select channel from fact_clickstream join dim_channel using (channel_key) order by message_id")
    assert [r["channel"] for r in rows] == ["mobile_app", "web"]
