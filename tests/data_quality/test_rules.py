"""The rules catch what they are for: each case breaks one table in one way and names the rule that must see it."""

from datetime import UTC, datetime

import pyarrow as pa
import pytest

from cdp.dataset import Dataset
from cdp.engines.duckdb import DuckDBEngine
from cdp.quality import check
from tests.data_quality.hub import hub

RUN_AT = datetime(2026, 3, 2, 2, 30, tzinfo=UTC)
FIRST, LATER, END = (datetime(year, 1, 1, tzinfo=UTC) for year in (1900, 2026, 9999))
END = END.replace(month=12, day=31)
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def version(valid_from, valid_to, is_current):
    return {"customer_id": "c1", "valid_from": valid_from, "valid_to": valid_to, "is_current": is_current}


def sold(quantity, unit_price_cents, discount_cents):
    return {"quantity": quantity, "unit_price_cents": unit_price_cents, "discount_cents": discount_cents}


CASES = [
    ("clean.customer", [{"email": "nobody"}], "email_form"),
    ("clean.customer", [{"phone": "0170 1234567"}], "phone_form"),
    ("clean.customer", [{"country": "Germany"}], "country_form"),
    ("clean.customer", [{"source": "erp"}], "source_known"),
    ("clean.product", [{"price_cents": -1}], "price_not_negative"),
    ("clean.transaction", [{"quantity": 0}], "quantity_positive"),
    ("clean.transaction", [{"channel": "fax"}], "channel_known"),
    ("clean.transaction", [sold(1, 100, 101), sold(2**31 - 1, 2**53 - 1, 0)], "discount_within_price"),
    ("clean.transaction", [{"source_customer_id": "c1"}], "customer_has_source"),
    ("clean.transaction", [{"product_id": "p9"}], "product_in_catalogue"),
    ("clean.transaction", [{"transaction_at": NOW, "transaction_month": RUN_AT.date()}], "month_of_transaction"),
    ("clean.clickstream_event", [{"message_id": "1"}], "message_id_form"),
    ("clean.clickstream_event", [{"event_type": "track"}], "track_has_name"),
    ("clean.clickstream_event", [{"user_id": None, "anonymous_id": None}], "someone_did_it"),
    ("clean.clickstream_event", [{"event_at": datetime(2026, 3, 5, tzinfo=UTC)}], "event_at_not_future"),
    ("clean.support_ticket", [{"satisfaction_score": 6}], "score_in_range"),
    ("clean.support_ticket", [{"status": "resolved"}], "resolved_when_said"),
    ("clean.support_ticket", [{"opened_at": RUN_AT, "resolved_at": NOW}], "answered_after_opened"),
    ("clean.support_ticket", [{"topic": "weather"}], "topic_known"),
    ("clean.support_ticket", [{"source_customer_id": "c1"}], "customer_has_source"),
    ("clean.support_ticket", [{"customer_source": "shop", "source_customer_id": "c1"}], "customer_on_file"),
    ("clean.campaign", [{"starts_on": RUN_AT.date(), "ends_on": NOW.date()}], "starts_before_ends"),
    ("clean.campaign", [{"budget_cents": 5}], "budget_has_currency"),
    ("clean.campaign_contact", [{"campaign_id": "m9"}], "campaign_on_file"),
    ("clean.campaign_contact", [{"event_type": "read"}], "event_type_known"),
    ("clean.campaign_contact", [{"contacted_at": NOW, "contact_month": RUN_AT.date()}], "month_of_contact"),
    ("clean.campaign_contact", [{"contact_id": "1"}], "somebody_was_contacted"),
    ("clean.consent", [{"consent_id": "1"}], "somebody_decided"),
    ("clean.consent", [{"purpose": "research"}], "purpose_known"),
    ("clean.consent", [{"occurred_at": datetime(2026, 3, 5, tzinfo=UTC)}], "occurred_at_not_future"),
    ("identity.person", [{"source": "crm", "source_customer_id": "c9"}], "record_exists"),
    ("identity.person", [{"customer_id": "c"}] * 21, "cluster_plausible"),
    ("identity.person", [{"customer_id": "c"}] * 101, "cluster_possible"),
    ("identity.identifier", [{"customer_id": "c9", "is_known": True}], "known_customer_exists"),
    ("identity.identifier", [{"customer_id": "c", "identifier_type": "phone"}] * 11, "ids_plausible"),
    ("curated.golden_record", [version(FIRST, LATER, False)], "one_current_version"),
    ("curated.golden_record", [version(FIRST, END, True), version(LATER, END, True)], "one_current_version"),
    ("curated.golden_record", [version(FIRST, END, False), version(LATER, END, True)], "versions_do_not_overlap"),
    ("curated.golden_record", [version(LATER, LATER, False)], "validity_not_empty"),
    ("curated.golden_record", [version(FIRST, LATER, True)], "current_is_open"),
    ("curated.dim_customer", [version(FIRST, END, True)], "unknown_member"),
    ("curated.dim_date", [{"date_on": NOW.date()}, {"date_on": RUN_AT.date().replace(day=5)}], "no_day_missing"),
    ("curated.fact_sales", [{"customer_key": 7}], "customer_key_exists"),
    ("curated.fact_sales", [{"transaction_id": "t9", "line_number": 1}], "line_exists"),
    ("curated.fact_sales", [{"net_cents": 5, "gross_cents": 5, "discount_cents": 1}], "net_adds_up"),
    ("curated.fact_sales", [{"is_refund": True, "quantity": 1}], "refund_is_negative"),
    ("curated.fact_clickstream", [{"session_id": "s", "session_event_number": 1}] * 2, "session_position_unique"),
    ("curated.bridge_customer_identity", [{"customer_id": "c9", "is_known": True}], "customer_in_dimension"),
]


@pytest.fixture
def lake():
    """An engine that has every table, empty, and a way to fill one; columns that are not given are null."""
    engine = DuckDBEngine()
    engine.read = lambda name: None

    def fill(name, *rows):
        schema = pa.schema([f.with_nullable(True) for f in Dataset.load(name).arrow_schema()])
        engine.register(name.replace(".", "_"), pa.Table.from_pylist(list(rows), schema=schema))

    for dataset in Dataset.all():
        fill(dataset.name)
    engine.fill = fill
    yield engine
    engine.close()


def broken(lake, name):
    return {result.rule for result in check(lake, Dataset.load(name), RUN_AT).broken}


@pytest.mark.parametrize(("name", "rows", "rule"), CASES, ids=[f"{name}-{rule}" for name, _, rule in CASES])
def test_a_rule_catches_what_it_is_for(lake, name, rows, rule):
    lake.fill(name, *rows)
    assert rule in broken(lake, name)


@pytest.mark.parametrize(
    ("people", "is_merged", "verdict"),
    [(2_000, True, "fail"), (2_000, False, "pass"), (51, True, "fail"), (50, True, "warn"), (10, True, "pass")],
)
def test_people_merged_over_a_phone_they_share_are_not_published(lake, people, is_merged, verdict):
    for name, rows in hub(people, is_merged=is_merged).items():
        lake.register(name.replace(".", "_"), rows)
    person, identifier = (
        check(lake, Dataset.load(name), RUN_AT) for name in ("identity.person", "identity.identifier")
    )
    assert (person.verdict, identifier.verdict) == (verdict, verdict)
    found = [r.severity for r in person.broken if r.rule.startswith("hub_")]
    assert found == {"fail": ["fail", "warn"], "warn": ["warn"], "pass": []}[verdict]


@pytest.mark.parametrize(
    ("source", "row", "name", "rule"),
    [
        ("clean.customer", {"source": "crm", "source_customer_id": "c1"}, "identity.person", "every_record_resolved"),
        ("identity.person", {"customer_id": "c1"}, "identity.identifier", "every_customer_findable"),
        ("identity.person", {"customer_id": "c1"}, "curated.golden_record", "every_customer_golden"),
        ("curated.golden_record", {"customer_id": "c1"}, "curated.dim_customer", "every_golden_record"),
        ("clean.product", {"product_id": "p1"}, "curated.dim_product", "every_product"),
        ("clean.transaction", {"transaction_id": "t1", "line_number": 1}, "curated.fact_sales", "every_line"),
        ("clean.clickstream_event", {"message_id": "m1"}, "curated.fact_clickstream", "every_event"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_a_table_should_have_got_is_missed(lake, source, row, name, rule):
    assert rule not in broken(lake, name)
    lake.fill(source, row)
    assert rule in broken(lake, name)
