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
}
SOURCES = {"customer": "shop", "product": "catalogue", "transaction": "shop", "clickstream_event": "web"}


def line(dataset: str, received_at: str = RECEIVED_AT, source: str = "", **changes: Any) -> bytes:
    """One line of raw: the dataset's record with some fields changed (None: left out)."""
    record = {name: value for name, value in (RECORDS[dataset] | changes).items() if value is not None}
    return raw_line(dataset, json.dumps(record).encode(), received_at, source)


def raw_line(dataset: str, payload: bytes, received_at: str = RECEIVED_AT, source: str = "") -> bytes:
    """One line of raw with any payload."""
    record = receive(
        payload,
        source=source or SOURCES[dataset],
        contract_name=f"{dataset}.v1",
        received_at=received_at,
        origin="shard:1",
    )
    return envelope_line(record.envelope)
