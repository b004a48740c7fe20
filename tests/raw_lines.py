"""Valid records of every dataset, and lines of raw made of them."""

from __future__ import annotations

import json
from typing import Any

from cdp.records import envelope_line, receive

RECEIVED_AT = "2026-03-02T02:00:00Z"

RECORDS: dict[str, dict[str, Any]] = {
    "customer": {
        "customer_id": "S000001",
        "email": "Jane.Doe@Example.com",
        "phone": "0151 12345678",
        "first_name": " Jane ",
        "last_name": "Doe",
        "birth_on": "1990-02-28",
        "street": "Hauptstraße  1",
        "postal_code": "D-10115",
        "city": "Berlin",
        "country": "DE",
        "has_marketing_consent": True,
        "created_at": "2025-01-01T10:00:00Z",
        "updated_at": "2026-03-01T10:00:00+02:00",
    },
    "product": {
        "product_id": "P001",
        "name": "Lamp",
        "category": "Home",
        "price_cents": 1999,
        "currency": "EUR",
        "is_active": True,
        "created_at": "2025-01-01T10:00:00Z",
        "updated_at": "2026-03-01T10:00:00Z",
    },
    "transaction": {
        "transaction_id": "T001",
        "line_number": 1,
        "transaction_type": "sale",
        "transaction_at": "2026-03-01T00:30:00+02:00",
        "customer_source": "shop",
        "customer_id": "S000001",
        "product_id": "P001",
        "quantity": 2,
        "unit_price_cents": 1999,
        "discount_cents": 0,
        "tax_cents": 638,
        "currency": "EUR",
        "channel": "web",
        "updated_at": "2026-03-01T10:00:00Z",
    },
    "clickstream_event": {
        "messageId": "00000000-0000-4000-8000-00000000000A",
        "anonymousId": "00000000-0000-4000-8000-0000000000FF",
        "userId": "S000001",
        "type": "track",
        "event": "Product Viewed",
        "timestamp": "2026-03-01T23:30:00.123Z",
        "sentAt": "2026-03-01T23:30:01Z",
        "context": {
            "page": {"url": "https://shop.example/lamp?email=x", "referrer": "https://search.example/?q=lamp"},
            "campaign": {"name": "spring", "source": "mail", "medium": "email"},
            "device": {"type": "mobile"},
            "location": {"country": "DE"},
            "traits": {"email": "Jane.Doe@Example.com"},
        },
        "properties": {"product_id": "P001", "quantity": 2, "revenue_cents": 3998, "currency": "EUR"},
        "traits": {"phone": "0151 12345678"},
    },
    "support_ticket": {
        "ticket_id": "H000001",
        "customer_source": "shop",
        "customer_id": "S000001",
        "email": "Jane.Doe@Example.com",
        "channel": "email",
        "topic": "delivery",
        "priority": "normal",
        "status": "resolved",
        "opened_at": "2026-02-20T09:00:00Z",
        "first_response_at": "2026-02-20T10:30:00Z",
        "resolved_at": "2026-02-21T09:00:00+01:00",
        "satisfaction_score": 4,
        "updated_at": "2026-02-21T08:00:00Z",
    },
    "campaign": {
        "campaign_id": "M0001",
        "name": "spring  sale",
        "channel": "email",
        "starts_on": "2026-02-01",
        "ends_on": "2026-03-31",
        "budget_cents": 250_000,
        "currency": "EUR",
        "updated_at": "2026-01-20T09:00:00Z",
    },
    "campaign_contact": {
        "contact_id": "M0001-000001-sent",
        "campaign_id": "M0001",
        "customer_source": "shop",
        "customer_id": "S000001",
        "email": "Jane.Doe@Example.com",
        "channel": "email",
        "event_type": "sent",
        "contacted_at": "2026-03-01T00:30:00+02:00",
        "cost_cents": 1,
    },
    "consent": {
        "consent_id": "G000001-1",
        "customer_source": "shop",
        "customer_id": "S000001",
        "email": "Jane.Doe@Example.com",
        "purpose": "email_marketing",
        "is_granted": True,
        "occurred_at": "2025-11-01T12:00:00+01:00",
        "proof": "sign-up form,  wording 2025-06",
    },
}
SOURCES = {
    "customer": "shop",
    "product": "catalogue",
    "transaction": "shop",
    "clickstream_event": "web",
    "support_ticket": "helpdesk",
    "campaign": "marketing",
    "campaign_contact": "marketing",
    "consent": "preference_centre",
}


def line(dataset: str, received_at: str = RECEIVED_AT, source: str = "", **changes: Any) -> bytes:
    """One line of raw: the dataset's record with some fields changed (None: left out)."""
    record = {name: value for name, value in (RECORDS[dataset] | changes).items() if value is not None}
    return raw_line(dataset, json.dumps(record).encode(), received_at, source)


def raw_line(
    dataset: str, payload: bytes, received_at: str = RECEIVED_AT, source: str = "", version: str = "v1"
) -> bytes:
    """One line of raw with any payload."""
    record = receive(
        payload,
        source=source or SOURCES[dataset],
        contract_name=f"{dataset}.{version}",
        received_at=received_at,
        origin="shard:1",
    )
    return envelope_line(record.envelope)
