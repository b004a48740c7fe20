"""The fault menu: what goes wrong with a record on day 2, and what the platform must do with it.

A row here is a whole fault: its name, the fate it must meet, and how a good record becomes the bad one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import orjson

from sample_data import campaigns, consents, customers, products, transactions
from sample_data.draw import stream
from sample_data.orders import sales_of
from sample_data.people import person
from sample_data.samples import Cells, Fate, Record, Sample
from sample_data.world import World, rfc3339

ACCEPTED, OFF_CONTRACT = Fate.ACCEPTED, Fate.OFF_CONTRACT
Spoil = Callable[[Record], Record | bytes | Cells]


class Fault(NamedTuple):
    """`spoil` makes what arrives of a good record that nobody else has; `reason` as in Sample."""

    name: str
    fate: Fate
    spoil: Spoil
    reason: str = ""


def put(pointer: str, value: Any) -> Spoil:
    """Set one value; the pointer's inner objects exist already."""
    *outer, last = pointer.strip("/").split("/")

    def spoil(record: Record) -> Record:
        place = record
        for key in outer:
            place = place[key]
        place[last] = value
        return record

    return spoil


def drop(*names: str) -> Spoil:
    """Leave values out."""
    return lambda record: {name: value for name, value in record.items() if name not in names}


def raw(payload: bytes) -> Spoil:
    """Send these bytes instead."""
    return lambda record: payload


def _cut_off(record: Record) -> bytes:
    return orjson.dumps(record)[:-9]


def _not_a_number(record: Record) -> bytes:
    return orjson.dumps(record).replace(b'"quantity":1', b'"quantity":NaN')


def _short_row(record: Record) -> Cells:
    return tuple(str(value) for value in list(record.values())[:5])


EVENT_FAULTS = (
    Fault("malformed JSON", OFF_CONTRACT, _cut_off, " json"),
    Fault("a list", OFF_CONTRACT, raw(b'[{"type":"track"}]'), " type"),
    Fault("a number", OFF_CONTRACT, raw(b"42"), " type"),
    Fault("a string", OFF_CONTRACT, raw(b'"track"'), " type"),
    Fault("null", OFF_CONTRACT, raw(b"null"), " type"),
    Fault("an empty record", OFF_CONTRACT, raw(b""), " empty"),
    Fault("an empty object", OFF_CONTRACT, raw(b"{}"), "/messageId required"),
    Fault("NaN", OFF_CONTRACT, _not_a_number, " json"),
    Fault("bytes that are not UTF-8", OFF_CONTRACT, raw(b"\xff\xfe\x00\x81{\x9d"), " encoding"),
    Fault("messageId is no UUID", OFF_CONTRACT, put("messageId", "message-1"), "/messageId format"),
    Fault("anonymousId is no UUID", OFF_CONTRACT, put("anonymousId", "undefined"), "/anonymousId format"),
    Fault("e-mail without @", OFF_CONTRACT, put("traits", {"email": "anna(at)example.com"}), "/traits/email format"),
    Fault("negative quantity", OFF_CONTRACT, put("properties/quantity", -2), "/properties/quantity minimum"),
    Fault("quantity is text", OFF_CONTRACT, put("properties/quantity", "two"), "/properties/quantity type"),
    Fault("no messageId", OFF_CONTRACT, drop("messageId"), "/messageId required"),
    Fault("no type", OFF_CONTRACT, drop("type"), "/type required"),
    Fault("no timestamp", OFF_CONTRACT, drop("timestamp"), "/timestamp required"),
    Fault("nobody: neither anonymousId nor userId", OFF_CONTRACT, drop("anonymousId", "userId"), " anyOf"),
    Fault("a track call without event", OFF_CONTRACT, drop("event"), "/event required"),
    Fault("type is unknown", OFF_CONTRACT, put("type", "click"), "/type enum"),
    Fault("properties is text", OFF_CONTRACT, put("properties", "none"), "/properties type"),
    Fault("timestamp in words", OFF_CONTRACT, put("timestamp", "yesterday"), "/timestamp format"),
    Fault("timestamp without offset", OFF_CONTRACT, put("timestamp", "2026-03-02T10:00:00"), "/timestamp format"),
    Fault("timestamp on 30 February", OFF_CONTRACT, put("timestamp", "2026-02-30T10:00:00Z"), "/timestamp format"),
    Fault("unknown contract", Fate.UNKNOWN_CONTRACT, put("contract", "loyalty_point.v1"), "/contract contract"),
    Fault("far future", Fate.NOT_CLEAN, put("timestamp", "2999-01-01T00:00:00Z"), "/timestamp future"),
    Fault("far past", Fate.LATE_HELD, put("timestamp", "1970-01-01T00:00:00Z"), "/timestamp late"),
    Fault("a path in the event's name", ACCEPTED, put("event", "../../etc/passwd")),
    Fault("emoji", ACCEPTED, put("properties/query", "👟🔥 größe 42 👨‍👩‍👧")),
    Fault("a field the contract does not know", ACCEPTED, put("experiment", {"checkout": "b"})),
    Fault("userId says null", ACCEPTED, put("userId", "null")),
    Fault("userId says -1", ACCEPTED, put("userId", "-1")),
    Fault("nobody: userId is blank", Fate.NOT_CLEAN, lambda r: drop("anonymousId")({**r, "userId": " "}), " anyOf"),
    Fault("a track call whose event is blank", Fate.NOT_CLEAN, put("event", " "), "/event required"),
)
CUSTOMER_JSON_FAULTS = (
    Fault("malformed JSON", OFF_CONTRACT, _cut_off, " json"),
    Fault("a list", OFF_CONTRACT, raw(b"[]"), " type"),
    Fault("null", OFF_CONTRACT, raw(b"null"), " type"),
    Fault("e-mail without domain", OFF_CONTRACT, put("email", "anna@"), "/email format"),
    Fault("consent is text", OFF_CONTRACT, put("has_marketing_consent", "maybe"), "/has_marketing_consent type"),
    Fault("customer_id is a number", OFF_CONTRACT, put("customer_id", 17), "/customer_id type"),
    Fault("no updated_at", OFF_CONTRACT, drop("updated_at"), "/updated_at required"),
    Fault("emoji in a name", ACCEPTED, put("first_name", "Zoë 🌻")),
    Fault("blocked e-mail", ACCEPTED, put("email", "test@test.com")),
    Fault("blocked phone", ACCEPTED, put("phone", "0000000")),
)
CUSTOMER_CSV_FAULTS = (
    Fault("e-mail without @", OFF_CONTRACT, put("email", "anna at example.com"), "/email format"),
    Fault("no customer_id", OFF_CONTRACT, put("customer_id", ""), "/customer_id required"),
    Fault("German date", OFF_CONTRACT, put("birth_on", "31.12.1990"), "/birth_on format"),
    Fault("country in words", OFF_CONTRACT, put("country", "Germany"), "/country pattern"),
    Fault("a row that ends early", OFF_CONTRACT, _short_row, " columns"),
    Fault("a line break within quotes", ACCEPTED, put("street", 'Haus "Am See"\nHinterhaus, 2. Stock')),
    Fault("phone says null", ACCEPTED, put("phone", "null")),
    Fault("phone says -1", ACCEPTED, put("phone", "-1")),
)
PRODUCT_FAULTS = (
    Fault("price in words", OFF_CONTRACT, put("price_cents", "free"), "/price_cents type"),
    Fault("price with comma", OFF_CONTRACT, put("price_cents", "19,99"), "/price_cents type"),
    Fault("negative price", OFF_CONTRACT, put("price_cents", -100), "/price_cents minimum"),
    Fault("is_active is text", OFF_CONTRACT, put("is_active", "perhaps"), "/is_active type"),
    Fault("no name", OFF_CONTRACT, put("name", ""), "/name required"),
)
TRANSACTION_FAULTS = (
    Fault("negative quantity", OFF_CONTRACT, put("quantity", -1), "/quantity minimum"),
    Fault("quantity in words", OFF_CONTRACT, put("quantity", "two"), "/quantity type"),
    Fault("price with decimals", OFF_CONTRACT, put("unit_price_cents", "12.50"), "/unit_price_cents type"),
    Fault("no product_id", OFF_CONTRACT, put("product_id", ""), "/product_id required"),
    Fault("type is unknown", OFF_CONTRACT, put("transaction_type", "gift"), "/transaction_type enum"),
    Fault("channel is unknown", OFF_CONTRACT, put("channel", "fax"), "/channel enum"),
    Fault("currency sign", OFF_CONTRACT, put("currency", "€"), "/currency pattern"),
    Fault("US date", OFF_CONTRACT, put("transaction_at", "03/02/2026 10:00"), "/transaction_at format"),
    Fault("customer_id says -1", ACCEPTED, put("customer_id", "-1")),
    Fault("customer_id says null", ACCEPTED, put("customer_id", "null")),
    Fault("customer without source", Fate.NOT_CLEAN, put("customer_source", ""), " anyOf"),
    Fault("source without customer", Fate.NOT_CLEAN, put("customer_id", ""), " anyOf"),
)

TICKET_FAULTS = (
    Fault("malformed JSON", OFF_CONTRACT, _cut_off, " json"),
    Fault("no ticket_id", OFF_CONTRACT, drop("ticket_id"), "/ticket_id required"),
    Fault("score out of range", OFF_CONTRACT, put("satisfaction_score", 11), "/satisfaction_score maximum"),
    Fault("status is unknown", OFF_CONTRACT, put("status", "solved"), "/status enum"),
    Fault("topic in words", OFF_CONTRACT, put("topic", "Where is my parcel?"), "/topic pattern"),
    Fault("customer without source", OFF_CONTRACT, drop("customer_source"), " anyOf"),
    Fault("customer_id is blank", Fate.NOT_CLEAN, put("customer_id", " "), " anyOf"),
    Fault("opened in the far future", Fate.NOT_CLEAN, put("opened_at", "2999-01-01T00:00:00Z"), "/opened_at future"),
    Fault("a customer nobody knows", ACCEPTED, put("customer_id", "S999999")),
)
CONTACT_FAULTS = (
    Fault("malformed JSON", OFF_CONTRACT, _cut_off, " json"),
    Fault(
        "nobody: neither customer_id nor email", OFF_CONTRACT, drop("customer_id", "customer_source", "email"), " anyOf"
    ),
    Fault("event type is unknown", OFF_CONTRACT, put("event_type", "read"), "/event_type enum"),
    Fault("cost is text", OFF_CONTRACT, put("cost_cents", "free"), "/cost_cents type"),
    Fault("a campaign nobody knows", ACCEPTED, put("campaign_id", "M9999")),
    Fault("role address", ACCEPTED, put("email", "info@mail.example.com")),
)
CONSENT_FAULTS = (
    Fault("consent in words", OFF_CONTRACT, put("is_granted", "maybe"), "/is_granted type"),
    Fault("no purpose", OFF_CONTRACT, put("purpose", ""), "/purpose required"),
    Fault("German date", OFF_CONTRACT, put("occurred_at", "02.03.2026 10:00"), "/occurred_at format"),
    Fault("a row that ends early", OFF_CONTRACT, _short_row, " columns"),
    Fault("a purpose nobody planned", ACCEPTED, put("purpose", "research")),
)


def _spoiled(faults: Iterable[Fault], good: Callable[[int], Record], person: int | None = None) -> list[Sample]:
    return [
        Sample(fault.spoil(good(number)), fault.fate, fault.name, person, fault.reason)
        for number, fault in enumerate(faults, start=1)
    ]


def bad_events(world: World) -> list[Sample]:
    """The event menu, each fault once."""
    rng = stream(world.seed, "bad event")

    def good(number: int) -> Record:
        at = rfc3339(world.at(0, 12) + number * 1000, "milliseconds")
        product = world.products[0]
        return {
            "messageId": rng.uuid(),
            "anonymousId": rng.uuid(),
            "type": "track",
            "event": "Product Viewed",
            "timestamp": at,
            "sentAt": at,
            "context": {"locale": "de-DE", "device": {"type": "desktop"}, "location": {"country": "DE"}},
            "properties": {
                "product_id": product.product_id,
                "quantity": 1,
                "path": f"/p/{product.product_id}",
            },
        }

    return _spoiled(EVENT_FAULTS, good)


def bad_customers(world: World, source: str) -> list[Sample]:
    """The customer menu of a source, each fault once."""

    def good(number: int) -> Record:
        own = {
            "customer_id": f"{source[0].upper()}X{number:05d}",
            "email": f"{source}-{number}@mail.example.com",
        }
        return drop("phone")({**customers.record(world, source, 0), **own})  # type: ignore[return-value]

    menu = CUSTOMER_JSON_FAULTS if source == "shop" else CUSTOMER_CSV_FAULTS
    return _spoiled(menu, good, world.person_of(source, 0))


def bad_products(world: World) -> list[Sample]:
    """The product menu, each fault once."""
    return _spoiled(
        PRODUCT_FAULTS,
        lambda number: {**products.record(world, world.products[0]), "product_id": f"PX{number:04d}"},
    )


def bad_transactions(world: World, source: str) -> list[Sample]:
    """The transaction menu, each fault once per source."""

    def good(number: int) -> Record:
        sales = sales_of(world, source, {0: 1})
        row = next(transactions.rows(world, sales, sales.buyers(world)))
        sold = dict(zip(transactions.COLUMNS, row, strict=True))
        own = {
            "transaction_id": f"{sold['transaction_id']}-X{number:02d}",
            "customer_source": "shop",
            "customer_id": customers.customer_id("shop", 0),
        }
        return {**sold, **own}

    return _spoiled(TRANSACTION_FAULTS, good, world.person_of("shop", 0))


def bad_tickets(world: World) -> list[Sample]:
    """The support menu, each fault once."""

    def good(number: int) -> Record:
        opened = rfc3339(world.at(0, 10) + number * 1000, "seconds")
        return {
            "ticket_id": f"HX{number:04d}",
            "customer_source": "shop",
            "customer_id": customers.customer_id("shop", 0),
            "channel": "email",
            "topic": "delivery",
            "priority": "normal",
            "status": "open",
            "opened_at": opened,
            "updated_at": opened,
        }

    return _spoiled(TICKET_FAULTS, good, world.person_of("shop", 0))


def bad_contacts(world: World) -> list[Sample]:
    """The contact menu, each fault once."""

    def good(number: int) -> Record:
        return {
            "contact_id": f"X{number:04d}-sent",
            "campaign_id": campaigns.campaigns(world)[-1].campaign_id,
            "customer_source": "shop",
            "customer_id": customers.customer_id("shop", 0),
            "email": "anna@mail.example.com",
            "channel": "email",
            "event_type": "sent",
            "contacted_at": rfc3339(world.at(0, 9) + number * 1000, "seconds"),
        }

    return _spoiled(CONTACT_FAULTS, good, world.person_of("shop", 0))


def bad_consents(world: World) -> list[Sample]:
    """The consent menu, each fault once."""

    def good(number: int) -> Record:
        decided = consents.Decision(consents.MARKETING, True, world.at(0, 9) + number * 1000, "sign-up form")
        cells = consents.cells("shop", 0, person(world.seed, world.person_of("shop", 0)).email, number, decided)
        return {**dict(zip(consents.COLUMNS, cells, strict=True)), "consent_id": f"GX{number:04d}"}

    return _spoiled(CONSENT_FAULTS, good, world.person_of("shop", 0))
