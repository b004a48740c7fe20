"""Consent events of the preference centre: what a customer record says of marketing is what its last event says."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache, partial
from typing import NamedTuple

from sample_data import customers
from sample_data.draw import REMEMBERED, between, chance, pick, spread, stream, stretches
from sample_data.people import person
from sample_data.samples import Cells, Fate, Part, Sample
from sample_data.world import World, rfc3339

COLUMNS = (
    "consent_id", "customer_source", "customer_id", "email", "purpose", "is_granted", "occurred_at", "proof",
)  # fmt: skip
MARKETING = "email_marketing"
OTHER_PURPOSES = ("sms_marketing", "profiling", "analytics")
CHANGED_MIND_SHARE = 0.5
RESENT_PER_MILLE = 1
EVERY = 5  # records to one with a second decision


class Decision(NamedTuple):
    """One purpose given or withdrawn at an instant."""

    purpose: str
    is_granted: bool
    at: int
    proof: str


def first_parts(world: World) -> Iterator[Part]:
    """Every decision up to first_day, record by record."""
    for indexes in stretches(world.sizes.customers):
        again = indexes.stop // EVERY - indexes.start // EVERY
        yield Part(len(indexes) + again, partial(_decided, world, indexes))


def _decided(world: World, indexes: range) -> Iterator[Sample]:
    for source, number in _records(world, indexes):
        for place, decision in enumerate(decisions(world, source, number), start=1):
            yield _sample(world, source, number, place, decision)


def second_delivery(world: World) -> Iterator[Sample]:
    """The decisions of first_day: new customers', withdrawals; and a few sent again unchanged."""
    for source in customers.SOURCES:
        for number in customers.changed_numbers(world, source):
            if customers.change_of(world, source, number) == "consent":
                withdrawn = Decision(MARKETING, False, customers.changed_at(world, source, number), "unsubscribe page")
                place = len(decisions(world, source, number)) + 1
                yield _sample(world, source, number, place, withdrawn)._replace(fault="consent withdrawn")
        for number in customers.arriving_numbers(world, source):
            yield _sample(world, source, number, 1, decisions(world, source, number)[0])
    rng, count = stream(world.seed, "consents sent again"), world.sizes.customers
    for source, number in _records(world, spread(rng, count, -(-count * RESENT_PER_MILLE // 1000))):
        first = _sample(world, source, number, 1, decisions(world, source, number)[0])
        yield first._replace(fate=Fate.DUPLICATE, fault="sent again unchanged")


@lru_cache(maxsize=REMEMBERED)
def decisions(world: World, source: str, number: int) -> tuple[Decision, ...]:
    """What a customer record decided before first_day: at sign-up, and once more for every fifth record."""
    rng = stream(world.seed, "decision", source, number)
    says, created = customers.has_consent(world, source, number), customers.created_at(world, source, number)
    form = pick(rng, ("sign-up form, wording 2025-06", "checkout box, wording 2024-11", "signed card"))
    index = number + (0 if source == "shop" else customers.known(world, "shop"))
    if (index + 1) % EVERY or created >= world.at(0):
        return (Decision(MARKETING, says, created, form),)
    later = created + between(rng, 1, (world.at(0) - created) // 1000 - 1) * 1000
    if chance(rng, CHANGED_MIND_SHARE):
        return Decision(MARKETING, not says, created, form), Decision(MARKETING, says, later, "preference centre")
    other = Decision(pick(rng, OTHER_PURPOSES), chance(rng, 0.6), later, "preference centre")
    return Decision(MARKETING, says, created, form), other


def may_contact(world: World, source: str, number: int, at: int) -> bool:
    """Whether the record's consent to e-mail marketing holds at an instant up to first_day."""
    said = [d.is_granted for d in decisions(world, source, number) if d.purpose == MARKETING and d.at <= at]
    return bool(said and said[-1])


def cells(source: str, number: int, email: str, place: int, decision: Decision) -> Cells:
    """The decision as the preference centre states it; `place` counts the record's decisions from 1."""
    account = customers.customer_id(source, number)
    said = "true" if decision.is_granted else "false"
    at = rfc3339(decision.at, "seconds")
    return f"G{account}-{place}", source, account, email, decision.purpose, said, at, decision.proof


def _sample(world: World, source: str, number: int, place: int, decision: Decision) -> Sample:
    who = world.person_of(source, number)
    return Sample(cells(source, number, person(world.seed, who).email, place, decision), person=who)


def _records(world: World, indexes: Iterable[int]) -> Iterator[tuple[str, int]]:
    """Source and number of the customer records with these indexes, shop's first."""
    shop = customers.known(world, "shop")
    return (("shop", index) if index < shop else ("crm", index - shop) for index in indexes)
