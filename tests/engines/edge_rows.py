"""Typed rows at the edges of what clean lets through: time zones, leap days, far dates, Unicode, nulls, equal keys."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from itertools import product
from typing import Any

import pyarrow as pa

from cdp.clean_layout import LAYOUTS, typed_schema

TIMES = [
    datetime(1, 1, 1, tzinfo=UTC),
    datetime(1582, 10, 10, 12, tzinfo=UTC),  # a day the Julian calendar ended without
    datetime(1899, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
    datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
    datetime(2024, 2, 29, 23, 30, tzinfo=timezone(timedelta(hours=-5))),
    datetime(2026, 3, 1, 0, 30, tzinfo=timezone(timedelta(hours=2))),
    datetime(2026, 3, 29, 1, 0, 0, 1, tzinfo=UTC),  # clocks go forward in Europe
    datetime(2026, 10, 25, 1, 30, tzinfo=UTC),
    datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
]
DAYS = [None, date(1, 1, 1), date(1582, 10, 10), date(1900, 2, 28), date(2000, 2, 29), date(9999, 12, 31)]
NAMES = [
    *(None, "Zoë", "Zoe\u0308", "Łukasz", "李小龍", "👩‍👩‍👧", "O'Neil", "a\\b", "İstanbul", "ß", "%_"),
    *("x\u00a0y", "\U0001f600"),
]
EMAILS = [None, "a@example.com", "b@example.com", "ü@example.com", "a@example.com"]
PHONES = [None, "+491511111111", "+491512222222"]
BUYERS = [
    *(("shop", "C1"), ("crm", "C2"), (None, None), ("shop", None)),
    *(("store", "x'y"), ("shop", "NULL"), ("crm", "n/a")),
]
CENTS = [0, 1, 9007199254740991, 5]


def typed(dataset: str, rows: list[dict[str, Any]]) -> pa.Table:
    """Rows with a dataset's typed columns; what is left out is null."""
    return pa.Table.from_pylist(rows, schema=typed_schema(dataset))


def edge_rows() -> dict[str, pa.Table]:
    """Per dataset, rows of every edge."""
    return {name: typed(name, list(globals()[f"_{name}s"]())) for name in LAYOUTS}


def no_rows() -> dict[str, pa.Table]:
    """Per dataset, nothing."""
    return {name: typed_schema(name).empty_table() for name in LAYOUTS}


def _id(number: int) -> str:
    return f"{number * 7919 % 9973:032x}"


def _customers() -> Any:
    for n, (time, day) in enumerate(product(TIMES, DAYS)):
        yield {
            "record_id": _id(n),
            "source": ("crm", "shop")[n % 2],
            "source_customer_id": f"C{n % 11}",
            "updated_at": time,
            "created_at": TIMES[n % 3],
            "birth_on": day,
            "email": EMAILS[n % len(EMAILS)] if n % 11 < 6 else None,
            "phone": PHONES[n % len(PHONES)],
            "first_name": NAMES[n % len(NAMES)],
            "last_name": NAMES[n * 5 % len(NAMES)],
            "city": NAMES[n * 3 % len(NAMES)],
            "country": (None, "DE", "US")[n % 3],
            "has_marketing_consent": (None, True, False)[n % 3],
        }
    # Nothing but the key; equal keys under other record ids; a chain of persons tied by e-mail and phone in turn.
    yield {"record_id": _id(900), "source": "crm", "source_customer_id": "bare", "updated_at": TIMES[4]}
    for n in range(3):
        yield {
            "record_id": _id(910 + n),
            "source": "crm",
            "source_customer_id": "twin",
            "updated_at": TIMES[5],
            "city": f"{n}",
        }
    for n in range(12):
        yield {
            "record_id": _id(930 + n),
            "source": "shop",
            "source_customer_id": f"chain{n:02d}",
            "updated_at": TIMES[6] + timedelta(microseconds=n),
            "email": f"link{(n + 1) // 2}@example.com",
            "phone": f"+4930000000{n // 2:02d}",
            "created_at": TIMES[5],
        }


def _products() -> Any:
    for n, (time, name) in enumerate(product(TIMES, NAMES[1:])):
        yield {
            "record_id": _id(2000 + n),
            "source": "catalogue",
            "product_id": f"P{n % 5}",
            "updated_at": time,
            "created_at": TIMES[0],
            "name": NAMES[1 + n // 7 % 3],
            "category": name,
            "brand": NAMES[n % 3],
            "price_cents": CENTS[n // 5 % 4],
            "currency": "EUR",
            "is_active": n % 4 > 0,
        }


def _transactions() -> Any:
    kinds = product(("sale", "refund"), TIMES, CENTS)
    for n, (kind, time, cents) in enumerate(kinds):
        source, customer = BUYERS[n % len(BUYERS)]
        yield {
            "record_id": _id(4000 + n),
            "source": "shop",
            "transaction_id": f"T{n % 17}",
            "line_number": 1 + n % 3,
            "updated_at": TIMES[n * 5 % len(TIMES)],
            "transaction_type": kind,
            "transaction_at": time,
            "customer_source": source,
            "source_customer_id": customer,
            "product_id": f"P{n % 7}",
            "quantity": (1, 2, 2147483647)[n % 3],
            "unit_price_cents": cents,
            "discount_cents": CENTS[n % 4],
            "tax_cents": CENTS[n // 2 % 4],
            "currency": "EUR",
            "channel": ("web", "store", "mobile_app", "phone", "marketplace", "fax")[n % 6],
        }


def _clickstream_events() -> Any:
    devices = [None, "AAAAAAAA-0000-4000-8000-000000000001", "bbbbbbbb-0000-4000-8000-000000000002", "unknown"]
    users = [None, "C1", "C3", "stranger", "null"]
    paths = [None, "", "/a", "/ü?x=1", "?q", "#f", "//"]
    urls = [None, "https://shop.example", "https://shop.example/p/1?email=x#y", "nonsense", "http://h/ä ö#?"]
    for n, (at, device, user) in enumerate(product(TIMES, devices, users)):
        if device is None and user is None:
            continue
        # Spark's filters name partitions in the old calendar, which lacks 5 to 14 October; no event is that late.
        time = at.replace(day=4) if at.year == 1582 else at
        for step in (0, 1, 2):
            # Pauses of half an hour exactly, and a microsecond more.
            pause = timedelta(minutes=30 * step, microseconds=step // 2) if time.year < 9999 else timedelta(0)
            yield {
                "record_id": _id(6000 + 3 * n + step),
                "source": "web",
                "message_id": f"{'ABCDEF'[step]}{n:07x}-0000-4000-8000-000000000000",
                "event_type": ("track", "identify", "page")[n % 3],
                "event_name": NAMES[n % len(NAMES)],
                "anonymous_id": device,
                "user_id": user,
                "event_at": time + pause,
                "page_path": paths[n % len(paths)],
                "page_url": urls[n % len(urls)],
                "referrer": urls[n // 2 % len(urls)],
                "app_name": NAMES[n % 2],
                "product_id": f"P{n % 7}",
                "quantity": (None, 1, 2147483647)[n % 3],
                "revenue_cents": (None, -9007199254740991, 5)[n % 3],
            }


def _who(number: int) -> dict[str, Any]:
    source, customer = BUYERS[number % len(BUYERS)]
    return {"customer_source": source, "source_customer_id": customer, "email": EMAILS[number % len(EMAILS)]}


def _support_tickets() -> Any:
    for n, (opened, updated) in enumerate(product(TIMES, TIMES)):
        yield {
            "record_id": _id(8000 + n),
            "source": "helpdesk",
            "ticket_id": f"H{n % 7}",
            "updated_at": updated,
            **_who(n),
            "channel": ("email", "chat", "fax")[n % 3],
            "topic": ("delivery", "return", "größe")[n % 3],
            "priority": ("low", "urgent")[n % 2],
            "status": ("open", "resolved", "closed")[n % 3],
            "opened_at": opened,
            "first_response_at": (None, opened)[n % 2],
            "resolved_at": (None, updated)[n // 2 % 2],
            "satisfaction_score": (None, 1, 5, 2147483647)[n % 4],
        }


def _campaigns() -> Any:
    for n, (updated, day) in enumerate(product(TIMES, DAYS)):
        yield {
            "record_id": _id(8200 + n),
            "source": "marketing",
            "campaign_id": f"M{n % 5}",
            "updated_at": updated,
            "name": NAMES[1 + n % 10],
            "channel": ("email", "social", "fax")[n % 3],
            "starts_on": day or date(2024, 2, 29),
            "ends_on": day,
            "budget_cents": (None, *CENTS)[n % 5],
            "currency": (None, "EUR")[n % 2],
        }


def _campaign_contacts() -> Any:
    kinds = ("sent", "delivered", "opened", "clicked", "bounced", "unsubscribed", "read")
    for n, (at, kind) in enumerate(product(TIMES, kinds)):
        yield {
            "record_id": _id(8400 + n),
            "source": "marketing",
            "contact_id": f"M{n // 2}",
            "campaign_id": f"M{n % 7}",
            **_who(n),
            "channel": ("email", "sms", "fax")[n % 3],
            "event_type": kind,
            # Spark's filters name partitions in the old calendar, which lacks 5 to 14 October.
            "contacted_at": at.replace(day=4) if at.year == 1582 else at,
            "cost_cents": (None, *CENTS)[n % 5],
        }


def _consents() -> Any:
    for n, (at, purpose) in enumerate(product(TIMES, ("email_marketing", "profiling", "größe"))):
        yield {
            "record_id": _id(8600 + n),
            "source": "preference_centre",
            "consent_id": f"G{n // 2}",
            **_who(n),
            "purpose": purpose,
            "is_granted": n % 2 == 0,
            "occurred_at": at,
            "proof": NAMES[n % len(NAMES)],
        }
