"""The faults that can be asked for at a rate: a row of MENU is a whole fault, with the fate that it must meet."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import orjson

from sample_data.answer_key import record_id
from sample_data.draw import Draws, between, pick, stream
from sample_data.lines import line_of
from sample_data.people import person
from sample_data.samples import Delivery, Fate, Sample
from sample_data.variations import ROLES, VARIATIONS
from sample_data.world import DAY, HOUR, World, rfc3339


class Place(NamedTuple):
    """Where a fault happens: `received_at` is when the platform gets the day."""

    world: World
    delivery: Delivery
    received_at: int
    rng: Draws

    @property
    def is_csv(self) -> bool:
        """Whether the file has columns, which no single record can change."""
        return bool(self.delivery.columns)


class Injection(NamedTuple):
    """`make` returns what takes the plain sample's place, or None where the sample cannot have the fault."""

    make: Callable[[Place, Sample], list[Sample] | None]
    only: tuple[str, ...] = ()
    needs_json: bool = False
    moves: bool = False

    def fits(self, delivery: Delivery) -> bool:
        """Whether records of a file can have it."""
        return (not self.only or delivery.dataset in self.only) and not (self.needs_json and delivery.columns)


# Per dataset: a required field, a value of another type with the rule it breaks, a value off contract with its rule,
# and a field that may change without the record being another one.
# fmt: off
REQUIRED = {
    "customer": "updated_at", "product": "name", "transaction": "product_id", "clickstream_event": "timestamp",
    "support_ticket": "priority", "campaign": "name", "campaign_contact": "campaign_id", "consent": "purpose",
}
OTHER_TYPE: dict[str, tuple[str, Any]] = {
    "customer": ("has_marketing_consent", "yes"), "product": ("price_cents", "nineteen"),
    "transaction": ("quantity", "two"), "clickstream_event": ("type", ["track"]),
    "support_ticket": ("satisfaction_score", "four"), "campaign": ("budget_cents", "much"),
    "campaign_contact": ("cost_cents", "free"), "consent": ("is_granted", "perhaps"),
}
OFF_CONTRACT: dict[str, tuple[str, Any, str]] = {
    "customer": ("email", "anna at example.com", "format"), "product": ("price_cents", -5, "minimum"),
    "transaction": ("channel", "fax", "enum"), "clickstream_event": ("messageId", "message-1", "format"),
    "support_ticket": ("status", "solved", "enum"), "campaign": ("channel", "fax", "enum"),
    "campaign_contact": ("event_type", "read", "enum"), "consent": ("occurred_at", "02.03.2026", "format"),
}
FREE: dict[str, tuple[str, Any]] = {
    "customer": ("city", "Elsewhere"), "product": ("brand", "Otherwise"), "transaction": ("tax_cents", "1"),
    "clickstream_event": ("sentAt", "2026-03-01T00:00:00Z"), "support_ticket": ("topic", "other"),
    "campaign": ("budget_cents", 1), "campaign_contact": ("cost_cents", 3), "consent": ("proof", "letter"),
}
ORPHAN = {
    "transaction": ("product_id", "P99999"), "support_ticket": ("customer_id", "S9999999"),
    "campaign_contact": ("campaign_id", "M9999"), "consent": ("customer_id", "S9999999"),
}
# fmt: on
BOT_AGENT = "Mozilla/5.0 (compatible; ExampleBot/1.0; +https://bot.example.com)"
SHARED_PHONES = tuple(f"+4915112340{number:03d}" for number in range(5))


def _set(sample: Sample, fate: Fate, reason: str = "", **values: Any) -> list[Sample]:
    assert isinstance(sample.record, dict)
    return [sample._replace(record={**sample.record, **values}, fate=fate, reason=reason)]


def _malformed(at: Place, sample: Sample) -> list[Sample]:
    if at.is_csv:
        cells = tuple([str(value) for value in dict(sample.record).values()][:3])  # type: ignore[arg-type]
        return [sample._replace(record=cells, fate=Fate.OFF_CONTRACT, reason=" columns")]
    return [sample._replace(record=orjson.dumps(sample.record)[:-3], fate=Fate.OFF_CONTRACT, reason=" json")]


def _off_contract(at: Place, sample: Sample) -> list[Sample]:
    field, value, rule = OFF_CONTRACT[at.delivery.dataset]
    return _set(sample, Fate.OFF_CONTRACT, f"/{field} {rule}", **{field: value})


def _changed_type(at: Place, sample: Sample) -> list[Sample]:
    field, value = OTHER_TYPE[at.delivery.dataset]
    return _set(sample, Fate.OFF_CONTRACT, f"/{field} type", **{field: value})


def _renamed_field(at: Place, sample: Sample) -> list[Sample]:
    field = REQUIRED[at.delivery.dataset]
    record = {(f"{name}_v2" if name == field else name): value for name, value in dict(sample.record).items()}  # type: ignore[arg-type]
    return [sample._replace(record=record, fate=Fate.OFF_CONTRACT, reason=f"/{field} required")]


def _new_field(at: Place, sample: Sample) -> list[Sample]:
    return _set(sample, Fate.ACCEPTED, experiment={"checkout": pick(at.rng, ("a", "b"))})


def _bad_encoding(at: Place, sample: Sample) -> list[Sample]:
    assert isinstance(sample.record, dict)
    if at.is_csv:
        cells = [str(sample.record.get(column, "")) for column in at.delivery.columns]
        plain = ",".join("".join(letter for letter in cell if letter not in ',"\n') for cell in cells)
        line = plain.encode() + b" \xfc"
    else:
        line = orjson.dumps(sample.record)[:-1] + b',"note":"\xfc"}'
    return [sample._replace(record=line, fate=Fate.OFF_CONTRACT, reason=" encoding")]


def _duplicate(at: Place, sample: Sample) -> list[Sample]:
    return [sample._replace(fault=""), sample._replace(fate=Fate.DUPLICATE)]


def _changed_duplicate(at: Place, sample: Sample) -> list[Sample] | None:
    """The same key with another payload: the smaller record id is kept, whichever came first."""
    field, value = FREE[at.delivery.dataset]
    (other,) = _set(sample, Fate.DUPLICATE, **{field: value})
    if other.record == sample.record:
        return None
    line = line_of(at.delivery.columns)
    one, two = (record_id(at.delivery.source, line(s)[1]) for s in (sample, other))
    is_first_kept = one < two
    return [
        sample._replace(fault="", fate=Fate.ACCEPTED if is_first_kept else Fate.DUPLICATE),
        other._replace(fate=Fate.DUPLICATE if is_first_kept else Fate.ACCEPTED),
    ]


def _timed(fate: Fate, reason: str, shift: Callable[[Draws], int]) -> Callable[[Place, Sample], list[Sample] | None]:
    """Another time than it happened; a purchase stays when it was, as its transaction has the same time."""

    def make(at: Place, sample: Sample) -> list[Sample] | None:
        record = dict(sample.record)  # type: ignore[arg-type]
        if "revenue_cents" in record.get("properties", {}):
            return None
        instant = at.received_at - 2 * HOUR + shift(at.rng)
        return _set(sample, fate, reason, timestamp=rfc3339(instant, "milliseconds"))

    return make


def _before(low: int, high: int) -> Callable[[Draws], int]:
    return lambda rng: -between(rng, low, high) * 1000


def _orphan(at: Place, sample: Sample) -> list[Sample] | None:
    field, value = ORPHAN[at.delivery.dataset]
    return _set(sample, Fate.ACCEPTED, **{field: value}) if field in dict(sample.record) else None  # type: ignore[arg-type]


def _out_of_order(at: Place, sample: Sample) -> list[Sample]:
    return [sample]


def _bot(at: Place, sample: Sample) -> list[Sample] | None:
    record = dict(sample.record)  # type: ignore[arg-type]
    if "userId" in record or "context" not in record:
        return None
    bot = stream(at.world.seed, "bot", between(at.rng, 1, 3)).uuid()
    (found,) = _set(sample, Fate.ACCEPTED, anonymousId=bot, context={**record["context"], "userAgent": BOT_AGENT})
    return [found._replace(person=None)]


def _shared_phone(at: Place, sample: Sample) -> list[Sample]:
    return _set(sample, Fate.ACCEPTED, phone=pick(at.rng, SHARED_PHONES))


def _role_address(at: Place, sample: Sample) -> list[Sample]:
    return _set(sample, Fate.ACCEPTED, email=f"{pick(at.rng, ROLES)}@shared-desk.example.com")


def _varied(name: str, field: str) -> Callable[[Place, Sample], list[Sample] | None]:
    (variation,) = (v for v in VARIATIONS if v.name == name)

    def make(at: Place, sample: Sample) -> list[Sample] | None:
        row = dict(sample.record)  # type: ignore[arg-type]
        if field not in row or sample.person is None or "@" not in row.get("email", "@"):
            return None
        variation.vary(at.rng, row, person(at.world.seed, sample.person))
        return [sample._replace(record=row)] if row != sample.record else None

    return make


EVENTS, PEOPLE = ("clickstream_event",), ("customer",)
MENU: dict[str, Injection] = {
    "malformed": Injection(_malformed),
    "off_contract": Injection(_off_contract),
    "changed_type": Injection(_changed_type),
    "renamed_field": Injection(_renamed_field, needs_json=True),
    "new_field": Injection(_new_field, needs_json=True),
    "bad_encoding": Injection(_bad_encoding),
    "duplicate": Injection(_duplicate),
    "changed_duplicate": Injection(_changed_duplicate),
    "late_minutes": Injection(_timed(Fate.ACCEPTED, "", _before(60, 3_600)), EVENTS),
    "late_days": Injection(_timed(Fate.ACCEPTED, "", _before(2 * DAY // 1000, 20 * DAY // 1000)), EVENTS),
    "late_months": Injection(
        _timed(Fate.LATE_HELD, "/timestamp late", _before(35 * DAY // 1000, 300 * DAY // 1000)), EVENTS
    ),
    "clock_skew": Injection(
        _timed(Fate.NOT_CLEAN, "/timestamp future", lambda rng: 2 * DAY + between(rng, 0, 20 * DAY)), EVENTS
    ),
    "out_of_order": Injection(_out_of_order, moves=True),
    "orphan": Injection(_orphan, tuple(ORPHAN)),
    "bot": Injection(_bot, EVENTS),
    "shared_phone": Injection(_shared_phone, PEOPLE),
    "role_address": Injection(_role_address, PEOPLE),
    "email_typo": Injection(_varied("e-mail typo", "email"), PEOPLE),
    "changed_surname": Injection(_varied("changed surname", "last_name"), PEOPLE),
}
