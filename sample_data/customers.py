"""Customer records as the two sources write them: shop (JSON lines, tidy) and crm (CSV, typed in by hand)."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache, partial

from sample_data.countries import plain
from sample_data.draw import REMEMBERED, Draws, between, chance, once, pick, spread, stream, stretches
from sample_data.people import address, email, person, written_phone
from sample_data.samples import Fate, Part, Record, Sample
from sample_data.variations import vary
from sample_data.world import HOUR, World, rfc3339

COLUMNS = (
    "customer_id", "email", "phone", "first_name", "last_name", "birth_on", "street", "postal_code", "city",
    "country", "has_marketing_consent", "created_at", "updated_at",
)  # fmt: skip
SOURCES = ("shop", "crm")
CONSENT_SHARE = 0.55
CHANGES = ("address", "address", "email", "name", "consent")
CHANGED_PERCENT = 3
RESENT_PER_MILLE = 1
BLOCKED_SHARE = 0.004
# What a source does not know of how many people; the shop needs an address to log in with.
LEFT_OUT = {
    "shop": {"email": 0.0, "phone": 0.3, "birth_on": 0.3},
    "crm": {"email": 0.22, "phone": 0.15, "birth_on": 0.35},
}
BLOCKED: tuple[Record, ...] = (
    {"email": "test@test.com"},
    {"phone": "0000000"},
    {"phone": "null"},
    {"phone": "-1"},
)


def customer_id(source: str, number: int) -> str:
    """The source's own id of its customer record `number` (from 0)."""
    return f"{'S' if source == 'shop' else 'C'}{number + 1:06d}"


def known(world: World, source: str) -> int:
    """How many records the source has as of first_day; their numbers count from 0."""
    cohort = world.cohorts[0]
    return cohort.shop if source == "shop" else cohort.crm


def arriving_numbers(world: World, source: str) -> range:
    """Numbers of the records that appear during first_day."""
    arriving, first = world.cohorts[1], known(world, source)
    return range(first, first + (arriving.shop if source == "shop" else arriving.crm))


def changed_numbers(world: World, source: str) -> list[int]:
    """Numbers of the records that change during first_day."""
    count = known(world, source)
    return spread(stream(world.seed, "changed", source), count, count * CHANGED_PERCENT // 100)


def first_parts(world: World, source: str) -> Iterator[Part]:
    """Every record of the source as of first_day."""
    for numbers in stretches(known(world, source)):
        yield Part(len(numbers), partial(_first, world, source, numbers))


def _first(world: World, source: str, numbers: range) -> Iterator[Sample]:
    return (sample(world, source, number) for number in numbers)


def second_delivery(world: World, source: str) -> Iterator[Sample]:
    """What changed in the source during first_day: new versions, new records, a few sent again unchanged."""
    for number in changed_numbers(world, source):
        yield sample(world, source, number)._replace(record=changed_record(world, source, number))
    for number in arriving_numbers(world, source):
        yield sample(world, source, number)
    count = known(world, source)
    for number in spread(stream(world.seed, "sent again", source), count, -(-count * RESENT_PER_MILLE // 1000)):
        yield sample(world, source, number, Fate.DUPLICATE, "sent again unchanged")


@lru_cache(maxsize=REMEMBERED)
def created_at(world: World, source: str, number: int) -> int:
    """When the source made the record; a second one of a person is younger than the first."""
    rng = stream(world.seed, "created", source, number)
    who = world.person_of(source, number)
    created = world.at(world.joined_day[who]) + between(rng, 0, 6 * HOUR // 1000 - 1) * 1000
    if not world.is_again(source, number):
        return created
    end = world.at(0) if world.joined_day[who] < 0 else world.at(1)
    created = created_at(world, source, world.number_of(source, who) or 0)
    return created + between(rng, 1, (end - created) // 1000 - 1) * 1000


def has_consent(world: World, source: str, number: int) -> bool:
    """Whether the person agrees to marketing as of the first delivery."""
    return once(world.seed, "consent", source, number) < CONSENT_SHARE


def change_of(world: World, source: str, number: int) -> str:
    """What changes during first_day: address, email, name or consent; who gave none has none to withdraw."""
    what = pick(stream(world.seed, "change", source, number), CHANGES)
    return "address" if what == "consent" and not has_consent(world, source, number) else what


def changed_at(world: World, source: str, number: int) -> int:
    """When the record changes during first_day."""
    rng = stream(world.seed, "changed at", source, number)
    return world.at(0) + between(rng, 6 * 3600, 24 * 3600 - 1) * 1000


def record(world: World, source: str, number: int) -> Record:
    """The record as of its first delivery."""
    return _stated(world, source, number)[0]


def sample(world: World, source: str, number: int, fate: Fate = Fate.ACCEPTED, fault: str = "") -> Sample:
    """The record as of its first delivery, with what it says instead of the truth."""
    row, variation = _stated(world, source, number)
    return Sample(row, fate, fault, world.person_of(source, number), variation=variation)


@lru_cache(maxsize=REMEMBERED)
def login_email(world: World, number: int) -> str | None:
    """What a customer of the shop logs in with."""
    email: str | None = record(world, "shop", number).get("email")
    return email


def _stated(world: World, source: str, number: int) -> tuple[Record, str]:
    who = person(world.seed, world.person_of(source, number))
    rng = stream(world.seed, "customer", source, number)
    created = created_at(world, source, number)
    updated = created
    if created < world.at(-1) and chance(rng, 0.6):
        updated = created + between(rng, 0, (world.at(0) - created) // 1000 - 1) * 1000
    row: Record = {
        "customer_id": customer_id(source, number),
        "email": who.email,
        "phone": written_phone(rng, who.country, who.phone),
        "first_name": who.first_name,
        "last_name": who.last_name,
        "birth_on": who.birth_on,
        "street": who.address.street,
        "postal_code": who.address.postal_code,
        "city": who.address.city,
        "country": who.country.code,
        "has_marketing_consent": has_consent(world, source, number),
        "created_at": rfc3339(created, "seconds"),
        "updated_at": rfc3339(updated, "seconds"),
    }
    is_known_elsewhere = world.is_again(source, number) or (source == "crm" and world.is_in_both(who.number))
    variation = vary(rng, row, who, is_known_elsewhere)
    for name, share in LEFT_OUT[source].items():
        if chance(rng, share):
            del row[name]
    if source == "crm":
        _as_typed_in(rng, row)
    if chance(rng, BLOCKED_SHARE):
        row.update(pick(rng, BLOCKED))
    return row, variation


def changed_record(world: World, source: str, number: int) -> Record:
    """The record's second version: moved, new e-mail address, new family name, or consent withdrawn."""
    row = record(world, source, number)
    who = person(world.seed, world.person_of(source, number))
    rng = stream(world.seed, "new value", source, number)
    what = change_of(world, source, number)
    if what == "address":
        home = address(rng, who.country)
        row.update(street=home.street, postal_code=home.postal_code, city=home.city)
    elif what == "email":
        row["email"] = email(rng, "new", who.last_name, who.number)
    elif what == "name":
        row["last_name"] = f"{who.last_name}-{pick(rng, who.country.common_last_names)}"
    else:
        row["has_marketing_consent"] = False
    row["updated_at"] = rfc3339(changed_at(world, source, number), "seconds")
    return row


def _as_typed_in(rng: Draws, row: Record) -> None:
    """Letter case, spaces and missing accents of a hand-kept file; once normalised, nothing has changed."""
    if chance(rng, 0.4):
        row["first_name"], row["last_name"] = plain(row["first_name"]), plain(row["last_name"])
    if chance(rng, 0.15):
        row["last_name"] = row["last_name"].upper()
    if chance(rng, 0.1):
        row["first_name"] = f" {row['first_name']}  "
    if "email" in row and chance(rng, 0.4):
        row["email"] = pick(rng, (row["email"].upper(), row["email"].title(), f"  {row['email']} "))
    if chance(rng, 0.1):
        row["postal_code"] = row["postal_code"].lower().replace(" ", "")
    if chance(rng, 0.3):
        del row["has_marketing_consent"]
