"""Every clean line, event, message, ticket and consent is in the star once, with a key for each of its dimensions.

A fact points at the customer and product as they were when it happened, or at the unknown member -1; keys are
hashes of natural keys, so that the same facts get the same keys in any order and any run.
"""

from __future__ import annotations

from datetime import date, datetime

from cdp.accounting import Fates
from cdp.handover import handed_over
from cdp.steps import Engine, run_steps

READS = (
    "clean.product",
    "clean.transaction",
    "clean.clickstream_event",
    "clean.campaign",
    "clean.campaign_contact",
    "clean.support_ticket",
    "clean.consent",
    "identity.identifier",
    "curated.golden_record",
)
WRITES = {
    "curated.dim_customer": "dim_customer",
    "curated.dim_product": "dim_product",
    "curated.dim_date": "dim_date",
    "curated.dim_channel": "dim_channel",
    "curated.dim_geography": "dim_geography",
    "curated.dim_campaign": "dim_campaign",
    "curated.bridge_customer_identity": "bridge_customer_identity",
    "curated.fact_sales": "fact_sales",
    "curated.fact_clickstream": "fact_clickstream",
    "curated.fact_session": "fact_session",
    "curated.fact_campaign_contact": "fact_campaign_contact",
    "curated.fact_support_ticket": "fact_support_ticket",
    "curated.fact_consent": "fact_consent",
}

STEPS = (
    "dim_customer",
    "dim_product",
    "dim_date",
    "dim_channel",
    "dim_geography",
    "dim_campaign",
    "bridge_customer_identity",
    "sales_line",
    "fact_sales",
    "session",
    "fact_clickstream",
    "fact_session",
    "stated_customer",
    "fact_campaign_contact",
    "fact_support_ticket",
    "fact_consent",
)
# What clean hands over, its key, and the fact that has each of them once.
FACTS = (
    ("transaction", "transaction_id, line_number", "fact_sales"),
    ("clickstream_event", "message_id", "fact_clickstream"),
    ("campaign_contact", "contact_id", "fact_campaign_contact"),
    ("support_ticket", "ticket_id", "fact_support_ticket"),
    ("consent", "consent_id", "fact_consent"),
)
# The calendar reaches to the end of the year after next: plans and subscriptions lie ahead.
CALENDAR_YEARS_AHEAD = 2


def build_star_schema(engine: Engine, run_at: datetime) -> list[Fates]:
    """Make the steps named in WRITES from the inputs in READS; the fates of what clean hands over."""
    run_steps(engine, "curated", STEPS, {"last_day": date(run_at.year + CALENDAR_YEARS_AHEAD, 12, 31)})
    return [_fates(engine, *handed_over) for handed_over in FACTS]


def _fates(engine: Engine, dataset: str, key: str, fact: str) -> Fates:
    """Received: keys of clean records. Accepted: rows of the fact table."""
    received = f"select {key}, min(record_id) as record_id from clean_{dataset} group by {key}"
    return handed_over(engine, "build_star_schema", dataset, received, fact, tuple(key.split(", ")))
