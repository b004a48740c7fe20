"""Every clean line, event, message, ticket and consent is in the star once, with a key for each of its dimensions.

A fact points at the customer and product as they were when it happened, or at the unknown member -1; keys are
hashes of natural keys, so that the same facts get the same keys in any order and any run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import NamedTuple

from cdp.accounting import Fates
from cdp.handover import handed_over
from cdp.steps import Engine, run_steps


class Part(NamedTuple):
    """Tables of the star that are written before those of the next part are made, so that few rows are held at once.

    `reads` are lake tables, with the columns needed of the wide ones; `via` are steps on the way to the `tables`, each
    a step too. `facts` name what clean hands over, its key, and the table that has each of them once. `done` are
    tables that no later part reads.
    """

    reads: Mapping[str, Sequence[str] | None]
    tables: tuple[str, ...]
    via: tuple[str, ...] = ()
    facts: tuple[tuple[str, str, str], ...] = ()
    done: tuple[str, ...] = ()

    @property
    def writes(self) -> dict[str, str]:
        """The step whose rows become a lake table, by the table."""
        return {f"curated.{table}": table for table in self.tables}

    @property
    def passing(self) -> tuple[str, ...]:
        """What may be forgotten when the part is written."""
        return (*self.reads, *self.via, *self.done, *(f"curated.{table}" for table in self.done))


PARTS = (
    Part(
        reads={
            "clean.product": None,
            "clean.campaign": None,
            "clean.clickstream_event": ("country",),
            "identity.identifier": None,
            "curated.golden_record": None,
        },
        tables=(
            "dim_customer",
            "dim_product",
            "dim_date",
            "dim_channel",
            "dim_geography",
            "dim_campaign",
            "bridge_customer_identity",
        ),
    ),
    Part(
        reads={"clean.transaction": None},
        via=("sales_line",),
        tables=("fact_sales",),
        facts=(("transaction", "transaction_id, line_number", "fact_sales"),),
        done=("fact_sales",),
    ),
    Part(
        reads={
            "clean.clickstream_event": (
                "message_id",
                "record_id",
                "event_type",
                "event_name",
                "anonymous_id",
                "user_id",
                "event_at",
                "url_path",
                "referrer",
                "device_type",
                "app_name",
                "country",
                "campaign_name",
                "campaign_source",
                "campaign_medium",
                "product_id",
                "transaction_id",
                "quantity",
                "revenue_cents",
                "currency",
                "event_on",
            )
        },
        via=("session",),
        tables=("fact_clickstream",),
        facts=(("clickstream_event", "message_id", "fact_clickstream"),),
    ),
    Part(reads={}, tables=("fact_session",), done=("fact_clickstream", "fact_session")),
    Part(
        reads={"clean.campaign_contact": None, "clean.support_ticket": None, "clean.consent": None},
        via=("stated_customer",),
        tables=("fact_campaign_contact", "fact_support_ticket", "fact_consent"),
        facts=(
            ("campaign_contact", "contact_id", "fact_campaign_contact"),
            ("support_ticket", "ticket_id", "fact_support_ticket"),
            ("consent", "consent_id", "fact_consent"),
        ),
    ),
)
# The calendar reaches to the end of the year after next: plans and subscriptions lie ahead.
CALENDAR_YEARS_AHEAD = 2


def build_part(engine: Engine, part: Part, run_at: datetime) -> list[Fates]:
    """Make the part's tables from what it reads and the parts before it; the fates of what clean hands over."""
    last_day = date(run_at.year + CALENDAR_YEARS_AHEAD, 12, 31)
    run_steps(engine, "curated", (*part.via, *part.tables), {"last_day": last_day})
    return [_fates(engine, *fact) for fact in part.facts]


def _fates(engine: Engine, dataset: str, key: str, fact: str) -> Fates:
    """Received: keys of clean records. Accepted: rows of the fact table."""
    received = f"select {key}, min(record_id) as record_id from clean_{dataset} group by {key}"
    return handed_over(engine, "build_star_schema", dataset, received, fact, tuple(key.split(", ")))
