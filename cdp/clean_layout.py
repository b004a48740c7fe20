"""Which column of a clean table comes from which place of a record, as what type and in which normal form.

What SQL does as well (lower case of UUIDs, parts of an address, partition columns) is in the steps of sql/lake/clean.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from cdp import normalise
from cdp.contracts import Reason
from cdp.dataset import ARROW_TYPES

Normal = Callable[..., str | None]

_STRING, _INT, _BIGINT, _BOOLEAN, _DATE, _TIME = (
    ARROW_TYPES[t] for t in ("string", "int", "bigint", "boolean", "date", "timestamp_ltz")
)


class Field(NamedTuple):
    """One typed column: where its value stands in the payload, as what type, in which normal form.

    `pointers` are JSON pointers; the first one with a value counts. `normal` gets the text, and the country's
    code if `country` says where that stands.
    """

    column: str
    type: pa.DataType
    pointers: tuple[str, ...]
    normal: Normal | None = None
    country: str | None = None


class Demand(NamedTuple):
    """What columns of a row must say together, whatever version of the contract; `is_broken` finds the rows that don't.

    A contract sees text before it is trimmed, and a published version cannot demand more than it did.
    """

    reason: Reason
    is_broken: Callable[[pa.RecordBatch], pa.Array]


class Layout(NamedTuple):
    """How records of one dataset become typed rows.

    `past` are the columns that say when something was done, which cannot be ahead of its receipt; `late` is
    the one by which a record can be too late to be taken without a decision.
    """

    fields: tuple[Field, ...]
    past: tuple[str, ...]
    late: str | None = None
    demands: tuple[Demand, ...] = ()


def _field(
    column: str, type: pa.DataType, *pointers: str, normal: Normal | None = None, country: str | None = None
) -> Field:
    return Field(column, type, pointers or (f"/{column}",), normal, country)


def _lack(rows: pa.RecordBatch, column: str) -> pa.Array:
    return pc.is_null(rows[column])


_CUSTOMER_HAS_SOURCE = Demand(
    Reason("", "anyOf", "expected customer_id and customer_source together, or neither"),
    lambda rows: pc.xor(_lack(rows, "customer_source"), _lack(rows, "source_customer_id")),
)
_SOMEONE_DID_IT = Demand(
    Reason("", "anyOf", "expected anonymousId or userId"),
    lambda rows: pc.and_(_lack(rows, "anonymous_id"), _lack(rows, "user_id")),
)
_TRACK_HAS_NAME = Demand(
    Reason("/event", "required", "is required but says nothing"),
    lambda rows: pc.and_(pc.equal(rows["event_type"], "track"), _lack(rows, "event_name")),
)

# Whom a record is about, where a source knows people by another source's id or by their mail address.
_WHO = (
    _field("customer_source", _STRING),
    _field("source_customer_id", _STRING, "/customer_id"),
    _field("email", _STRING, normal=normalise.email),
)

LAYOUTS: dict[str, Layout] = {
    "customer": Layout(
        fields=(
            _field("source_customer_id", _STRING, "/customer_id"),
            _field("updated_at", _TIME),
            _field("email", _STRING, normal=normalise.email),
            _field("phone", _STRING, normal=normalise.phone, country="/country"),
            _field("first_name", _STRING, normal=normalise.person_name),
            _field("last_name", _STRING, normal=normalise.person_name),
            _field("birth_on", _DATE),
            _field("street", _STRING, normal=normalise.street),
            _field("postal_code", _STRING, normal=normalise.postal_code, country="/country"),
            _field("city", _STRING, normal=normalise.city),
            _field("country", _STRING, normal=normalise.country),
            _field("has_marketing_consent", _BOOLEAN),
            _field("created_at", _TIME),
        ),
        past=("created_at", "updated_at"),
    ),
    "product": Layout(
        fields=(
            _field("product_id", _STRING),
            _field("updated_at", _TIME),
            _field("name", _STRING, normal=normalise.text),
            _field("category", _STRING, normal=normalise.category),
            _field("brand", _STRING, normal=normalise.text),
            _field("price_cents", _BIGINT),
            _field("currency", _STRING),
            _field("is_active", _BOOLEAN),
            _field("created_at", _TIME),
        ),
        past=("created_at", "updated_at"),
    ),
    "transaction": Layout(
        fields=(
            _field("transaction_id", _STRING),
            _field("line_number", _INT),
            _field("updated_at", _TIME),
            _field("transaction_type", _STRING),
            _field("transaction_at", _TIME),
            _field("customer_source", _STRING),
            _field("source_customer_id", _STRING, "/customer_id"),
            _field("product_id", _STRING),
            _field("quantity", _INT),
            _field("unit_price_cents", _BIGINT),
            _field("discount_cents", _BIGINT),
            _field("tax_cents", _BIGINT),
            _field("currency", _STRING),
            _field("channel", _STRING),
            _field("coupon_code", _STRING),
        ),
        past=("transaction_at", "updated_at"),
        demands=(_CUSTOMER_HAS_SOURCE,),
    ),
    "clickstream_event": Layout(
        fields=(
            _field("message_id", _STRING, "/messageId"),
            _field("event_type", _STRING, "/type"),
            _field("event_name", _STRING, "/event"),
            _field("anonymous_id", _STRING, "/anonymousId"),
            _field("user_id", _STRING, "/userId"),
            _field("event_at", _TIME, "/timestamp"),
            _field("sent_at", _TIME, "/sentAt"),
            _field("email", _STRING, "/traits/email", "/context/traits/email", normal=normalise.email),
            _field("phone", _STRING, "/traits/phone", normal=normalise.phone, country="/context/location/country"),
            _field("page_path", _STRING, "/context/page/path", "/properties/path"),
            _field("page_url", _STRING, "/context/page/url"),
            _field("referrer", _STRING, "/context/page/referrer"),
            _field("device_type", _STRING, "/context/device/type"),
            _field("app_name", _STRING, "/context/app/name"),
            _field("country", _STRING, "/context/location/country", normal=normalise.country),
            _field("campaign_name", _STRING, "/context/campaign/name"),
            _field("campaign_source", _STRING, "/context/campaign/source"),
            _field("campaign_medium", _STRING, "/context/campaign/medium"),
            _field("product_id", _STRING, "/properties/product_id"),
            _field("search_query", _STRING, "/properties/query"),
            _field("transaction_id", _STRING, "/properties/order_id"),
            _field("quantity", _INT, "/properties/quantity"),
            _field("revenue_cents", _BIGINT, "/properties/revenue_cents"),
            _field("currency", _STRING, "/properties/currency"),
        ),
        past=("event_at",),
        late="event_at",
        demands=(_SOMEONE_DID_IT, _TRACK_HAS_NAME),
    ),
    "support_ticket": Layout(
        fields=(
            _field("ticket_id", _STRING),
            _field("updated_at", _TIME),
            *_WHO,
            _field("channel", _STRING),
            _field("topic", _STRING),
            _field("priority", _STRING),
            _field("status", _STRING),
            _field("opened_at", _TIME),
            _field("first_response_at", _TIME),
            _field("resolved_at", _TIME),
            _field("satisfaction_score", _INT),
        ),
        past=("opened_at", "updated_at"),
        demands=(_CUSTOMER_HAS_SOURCE,),
    ),
    "campaign": Layout(
        fields=(
            _field("campaign_id", _STRING),
            _field("updated_at", _TIME),
            _field("name", _STRING, normal=normalise.text),
            _field("channel", _STRING),
            _field("starts_on", _DATE),
            _field("ends_on", _DATE),
            _field("budget_cents", _BIGINT),
            _field("currency", _STRING),
        ),
        past=("updated_at",),
    ),
    "campaign_contact": Layout(
        fields=(
            _field("contact_id", _STRING),
            _field("campaign_id", _STRING),
            *_WHO,
            _field("channel", _STRING),
            _field("event_type", _STRING),
            _field("contacted_at", _TIME),
            _field("cost_cents", _BIGINT),
        ),
        past=("contacted_at",),
        demands=(_CUSTOMER_HAS_SOURCE,),
    ),
    "consent": Layout(
        fields=(
            _field("consent_id", _STRING),
            *_WHO,
            _field("purpose", _STRING),
            _field("is_granted", _BOOLEAN),
            _field("occurred_at", _TIME),
            _field("proof", _STRING, normal=normalise.text),
        ),
        past=("occurred_at",),
        demands=(_CUSTOMER_HAS_SOURCE,),
    ),
}


@cache
def typed_schema(dataset: str) -> pa.Schema:
    """Columns of a dataset's typed rows: `record_id` and `source` of the envelope, then its layout's."""
    columns = [
        ("record_id", _STRING),
        ("source", _STRING),
        *((f.column, f.type) for f in LAYOUTS[dataset].fields),
    ]
    return pa.schema([pa.field(name, type) for name, type in columns])
