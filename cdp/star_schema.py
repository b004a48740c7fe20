"""Every clean transaction line and event is in the star schema exactly once, with a key for each of its dimensions.

A fact points at the customer and product as they were when it happened, or at the unknown member -1; keys are
hashes of natural keys, so that the same facts get the same keys in any order and any run.
"""

from __future__ import annotations

from datetime import date, datetime

from cdp.accounting import Fates
from cdp.steps import Engine, run_steps

READS = (
    "clean.product",
    "clean.transaction",
    "clean.clickstream_event",
    "identity.identifier",
    "curated.golden_record",
)
WRITES = {
    "curated.dim_customer": "dim_customer",
    "curated.dim_product": "dim_product",
    "curated.dim_date": "dim_date",
    "curated.dim_channel": "dim_channel",
    "curated.dim_geography": "dim_geography",
    "curated.bridge_customer_identity": "bridge_customer_identity",
    "curated.fact_sales": "fact_sales",
    "curated.fact_clickstream": "fact_clickstream",
    "curated.fact_session": "fact_session",
}

STEPS = (
    "dim_customer",
    "dim_product",
    "dim_date",
    "dim_channel",
    "dim_geography",
    "bridge_customer_identity",
    "sales_line",
    "fact_sales",
    "session",
    "fact_clickstream",
    "fact_session",
)
# The calendar reaches to the end of the year after next: plans and subscriptions lie ahead.
CALENDAR_YEARS_AHEAD = 2


def build_star_schema(engine: Engine, run_at: datetime) -> list[Fates]:
    """Make the steps named in WRITES from the inputs in READS; the fates of transaction lines and events."""
    run_steps(engine, "curated", STEPS, {"last_day": date(run_at.year + CALENDAR_YEARS_AHEAD, 12, 31)})
    return [
        _fates(
            engine,
            "transaction",
            "select distinct transaction_id, line_number from clean_transaction",
            "fact_sales",
        ),
        _fates(engine, "clickstream_event", "select message_id from clean_clickstream_event", "fact_clickstream"),
    ]


def _fates(engine: Engine, dataset: str, received: str, fact: str) -> Fates:
    """Received: current clean records. Accepted: rows of the fact table."""
    (counts,) = engine.query(
        f"""select r.received, f.accepted
        from (select count(*) as received from ({received}) t) r
        cross join (select count(*) as accepted from {fact}) f"""
    )
    return Fates("build_star_schema", dataset, counts["received"], counts["accepted"])
