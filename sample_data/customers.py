"""Customer records as the two sources write them: shop (JSON lines, tidy) and crm (CSV, typed in by hand)."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from sample_data.countries import plain
from sample_data.draw import between, chance, pick, spread, stream, weighted
from sample_data.people import Person, address, email, person, written_phone
from sample_data.samples import Fate, Record, Sample
from sample_data.world import HOUR, World, rfc3339

COLUMNS = (
    "customer_id", "email", "phone", "first_name", "last_name", "birth_on", "street", "postal_code", "city",
    "country", "has_marketing_consent", "created_at", "updated_at",
)  # fmt: skip
CHANGED_PERCENT = 3
RESENT_PER_MILLE = 1
IDENTIFIERS_SHARED = weighted({"both": 6, "email": 2, "phone": 2})
BLOCKED: tuple[Record, ...] = (
    {"email": "test@test.com"},
    {"phone": "0000000"},
    {"phone": "null"},
    {"phone": "-1"},
)


def customer_id(source: str, number: int) -> str:
    """The source's own id of its customer record `number` (from 0)."""
    return f"{'S' if source == 'shop' else 'C'}{number + 1:06d}"


def first_delivery(world: World, source: str) -> Iterator[Sample]:
    """Every record of the source as of first_day."""
    cohort = world.cohorts[0]
    for number in range(cohort.shop if source == "shop" else cohort.crm):
        yield Sample(record(world, source, number))


def second_delivery(world: World, source: str) -> Iterator[Sample]:
    """What changed in the source during first_day: new versions, new records, a few sent again unchanged."""
    base, arriving = world.cohorts
    known, new = (base.shop, arriving.shop) if source == "shop" else (base.crm, arriving.crm)
    rng = stream(world.seed, "changed", source)
    changed = spread(rng, known, known * CHANGED_PERCENT // 100)
    for number in changed:
        yield Sample(changed_record(world, source, number))
    for number in range(known, known + new):
        yield Sample(record(world, source, number))
    for number in spread(rng, known, -(-known * RESENT_PER_MILLE // 1000)):
        yield Sample(record(world, source, number), Fate.DUPLICATE, "sent again unchanged")


def record(world: World, source: str, number: int) -> Record:
    """The record as of its first delivery."""
    who = person(world.seed, world.person_of(source, number))
    rng = stream(world.seed, "customer", source, number)
    created = world.at(world.joined_day[who.number]) + between(rng, 0, 6 * HOUR // 1000 - 1) * 1000
    updated = created
    if world.joined_day[who.number] < -1 and chance(rng, 0.6):
        updated = created + between(rng, 0, (world.at(0) - created) // 1000 - 1) * 1000
    row: Record = {
        "customer_id": customer_id(source, number),
        **_identifiers(world, rng, who, source),
        "first_name": who.first_name,
        "last_name": who.last_name,
        "birth_on": who.birth_on,
        "street": who.address.street,
        "postal_code": who.address.postal_code,
        "city": who.address.city,
        "country": who.country.code,
        "has_marketing_consent": chance(rng, 0.55),
        "created_at": rfc3339(created, "seconds"),
        "updated_at": rfc3339(updated, "seconds"),
    }
    if chance(rng, 0.2):
        del row["birth_on"]
    if source == "crm":
        _as_typed_in(rng, row)
    if not world.is_in_both(who.number) and chance(rng, 0.005):
        row.update(pick(rng, BLOCKED))
    return row


def changed_record(world: World, source: str, number: int) -> Record:
    """The record's second version: moved, new e-mail address, new family name, or consent withdrawn."""
    row = record(world, source, number)
    who = person(world.seed, world.person_of(source, number))
    rng = stream(world.seed, "change", source, number)
    what = pick(rng, ("address", "address", "email", "name", "consent"))
    if what == "address":
        home = address(rng, who.country)
        row.update(street=home.street, postal_code=home.postal_code, city=home.city)
    elif what == "email":
        row["email"] = email(rng, "new", who.last_name, who.number)
    elif what == "name":
        row["last_name"] = f"{who.last_name}-{pick(rng, who.country.last_names)}"
    else:
        row["has_marketing_consent"] = False
    row["updated_at"] = rfc3339(world.at(0) + between(rng, 6 * 3600, 24 * 3600 - 1) * 1000, "seconds")
    return row


def _identifiers(world: World, rng: Random, who: Person, source: str) -> Record:
    """E-mail and phone; a person in both sources has at least one of them equal in both, once normalised."""
    shared = ""
    if world.is_in_both(who.number):
        shared = pick(stream(world.seed, "shared", who.number), IDENTIFIERS_SHARED)
    identifiers: Record = {"email": who.email, "phone": written_phone(rng, who.country, who.phone)}
    if shared == "email" or (not shared and chance(rng, 0.1)):
        if source == "crm" or not shared:
            del identifiers["phone"]
    elif shared == "phone" and source == "crm":
        identifiers["email"] = email(rng, who.first_name[:1], who.last_name, who.number)
    elif not shared and chance(rng, 0.05):
        del identifiers["email"]
    return identifiers


def _as_typed_in(rng: Random, row: Record) -> None:
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
