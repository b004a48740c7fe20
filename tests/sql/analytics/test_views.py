"""The views of the general customer model: given rows, expected rows, and what Redshift allows in one."""

from __future__ import annotations

import re

import pytest
import sqlglot
from sqlglot import exp

from cdp import resources
from cdp.warehouse import TABLES, VIEWS

TEXT = {view: resources.read_text(f"sql/warehouse/views/{view}.sql") for view in VIEWS}
SOLD = {"customer_id": "c1", "channel_key": "1", "net_cents": "1000", "currency": "EUR"}


@pytest.fixture
def shop(analyst):
    """One customer who bought in two currencies, gave back, asked, agreed and was written to; and one who only came."""
    analyst.given(
        "dim_customer",
        [
            {
                "customer_key": "1",
                "customer_id": "c1",
                "first_name": "Ann",
                "valid_to": "2026-02-01",
                "is_current": "false",
            },
            {"customer_key": "2", "customer_id": "c1", "first_name": "Anna", "valid_from": "2026-02-01"},
            {"customer_key": "3", "customer_id": "c2", "first_name": "Bo"},
        ],
    )
    analyst.given(
        "fact_sales",
        [
            SOLD | {"transaction_id": "T1", "transaction_at": "2026-01-10 08:00:00", "net_cents": "1000"},
            SOLD | {"transaction_id": "T1", "transaction_at": "2026-01-10 08:00:00", "net_cents": "500"},
            SOLD
            | {"transaction_id": "T2", "transaction_at": "2026-02-20 09:00:00", "net_cents": "700", "channel_key": "3"},
            SOLD | {"transaction_id": "T3", "transaction_at": "2026-02-21 09:00:00", "net_cents": "-400"},
            SOLD
            | {"transaction_id": "T4", "transaction_at": "2026-02-22 09:00:00", "currency": "CHF", "net_cents": "900"},
            {"transaction_id": "T5", "transaction_at": "2026-03-02 23:00:00", "net_cents": "50"},
        ],
    )
    analyst.given(
        "fact_session",
        [
            {
                "customer_id": "c2",
                "channel_key": "2",
                "session_id": "s1",
                "started_at": "2026-02-27 10:00:00",
                "landing_path": "/",
            },
        ],
    )
    analyst.given(
        "fact_support_ticket",
        [
            {
                "customer_id": "c1",
                "channel_key": "1",
                "ticket_id": "K1",
                "status": "open",
                "topic": "delivery",
                "opened_at": "2026-02-25 10:00:00",
                "satisfaction_score": "2",
            },
            {"customer_id": "c1", "channel_key": "1", "ticket_id": "K2", "status": "closed", "satisfaction_score": "5"},
        ],
    )
    analyst.given("dim_campaign", [{"campaign_key": "1", "campaign_id": "M1", "name": "spring"}])
    analyst.given(
        "fact_campaign_contact",
        [
            {
                "customer_id": "c1",
                "campaign_key": "1",
                "channel_key": "1",
                "contact_id": f"N{n}",
                "event_type": kind,
                "contacted_at": f"2026-02-1{n} 10:00:00",
            }
            for n, kind in enumerate(("sent", "clicked", "sent", "bounced"))
        ],
    )
    analyst.given(
        "fact_consent",
        [
            {"customer_id": "c1", "purpose": "email_marketing", "is_granted": said, "occurred_at": at}
            for said, at in (("true", "2026-01-01"), ("false", "2026-02-01"))
        ]
        + [{"customer_id": "c1", "purpose": "profiling", "is_granted": "true"}],
    )
    return analyst  # fmt: skip


def rows(analyst, sql):
    return [tuple(row) for row in analyst.run(sql)[1]]


def test_a_customer_at_a_glance(shop):
    columns = (
        "customer_id, first_name, has_marketing_consent, count_purposes_granted, life_cycle, currency, count_orders, "
        "lifetime_cents, refunded_cents, per_order_cents, days_since_last_order, favourite_channel, count_channels, "
        "count_visits, count_tickets, count_open_tickets, average_satisfaction, count_messages, count_messages_clicked"
    )
    assert rows(shop, f"select {columns} from customer_360 order by customer_id") == [
        ("c1", "Anna", "no", "1", "active", "EUR", "2", "1800", "-400", "900", "10", "web", "2",
         "0", "2", "1", "3.5", "2", "1"),
        ("c2", "Bo", "", "0", "prospect", "", "0", "0", "0", "", "", "", "0",
         "1", "0", "0", "", "0", "0"),
    ]  # fmt: skip
    last = "select last_order_at, last_contact_at, last_ticket_at from customer_360 where customer_id = 'c1'"
    assert rows(shop, last) == [("2026-02-20 09:00:00", "2026-02-12 10:00:00", "2026-03-01 12:00:00")]


def test_a_glance_at_nobody_is_empty(analyst):
    for view in VIEWS:
        assert rows(analyst, f"select * from {view}") == [], view


def test_everything_that_happened_is_there_once_and_strangers_are_left_out(shop):
    found = rows(
        shop,
        "select customer_id, interaction_type, reference_id, channel, subject, amount_cents "
        "from customer_interaction order by interaction_at, reference_id",
    )
    assert (
        found
        == [
            ("c1", "order", "T1", "web", "", "1500"),
            ("c1", "message_sent", "N0", "web", "spring", ""),
            ("c1", "message_clicked", "N1", "web", "spring", ""),
            ("c1", "message_sent", "N2", "web", "spring", ""),
            ("c1", "message_bounced", "N3", "web", "spring", ""),
            ("c1", "order", "T2", "store", "", "700"),
            ("c1", "refund", "T3", "web", "", "-400"),
            ("c1", "order", "T4", "web", "", "900"),
            ("c1", "request", "K1", "web", "delivery", ""),
            ("c2", "visit", "s1", "mobile_app", "/", ""),
            ("c1", "request", "K2", "web", "x", ""),
        ]
        or found[9][-1] == ""
    )


def test_a_transaction_adds_up_its_lines(shop):
    found = rows(
        shop,
        "select transaction_id, customer_id, is_refund, count_lines, net_cents, currency from customer_transaction "
        "order by transaction_id",
    )
    assert found == [
        ("T1", "c1", "no", "2", "1500", "EUR"),
        ("T2", "c1", "no", "1", "700", "EUR"),
        ("T3", "c1", "yes", "1", "-400", "EUR"),
        ("T4", "c1", "no", "1", "900", "CHF"),
        ("T5", "", "no", "1", "50", "EUR"),
    ]


def test_a_life_cycle_is_a_rule_and_the_latest_score_of_a_model_assigns_a_segment(analyst):
    days = {"new": "2026-02-15", "active": "2025-10-01", "lapsing": "2025-08-01", "lost": "2025-02-01"}
    customers = [*days, "prospect"]
    analyst.given("dim_customer", [{"customer_key": str(n), "customer_id": c} for n, c in enumerate(customers, 1)])
    analyst.given(
        "fact_sales",
        [SOLD | {"customer_id": c, "transaction_at": f"{day} 10:00:00"} for c, day in days.items()]
        + [{"transaction_at": "2026-03-01 10:00:00", "net_cents": "1"}],
    )
    score = {"customer_id": "new", "score_name": "churn", "segment": "low", "confidence_percent": "70"}
    analyst.given(
        "fact_customer_score",
        [score, score | {"scored_at": "2026-03-02 12:00:00", "segment": "high", "confidence_percent": "80"}],
    )
    sql = "select customer_id, segmentation, segment, confidence_percent from customer_segment order by 1, 2"
    assert rows(analyst, sql) == sorted(
        [(c, "life_cycle", c, "100") for c in customers] + [("new", "churn", "high", "80")]
    )


@pytest.mark.parametrize("view", VIEWS)
def test_a_view_is_redshifts_says_its_grain_and_binds_late(view):
    tree = sqlglot.parse_one(TEXT[view], read="redshift")
    assert isinstance(tree, exp.Create)
    assert tree.this.name == view
    assert re.search(r"^-- One row per ", TEXT[view], re.MULTILINE)
    assert TEXT[view].rstrip().endswith("with no schema binding;")
    inner = {cte.alias for cte in tree.find_all(exp.CTE)}
    before = {*TABLES, *VIEWS[: VIEWS.index(view)]}
    read = {(t.db, t.name) for t in tree.expression.find_all(exp.Table) if t.name not in inner}
    assert {name for _, name in read} <= before
    assert {schema for schema, _ in read} == {"public"}, "a view that binds late names its tables' schema"


def test_every_view_is_listed():
    assert sorted(f"{view}.sql" for view in VIEWS) == resources.names("sql/warehouse/views", ".sql")
