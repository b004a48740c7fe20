"""Support tickets: they follow orders, and a ticket's record is what the helpdesk knew of it at the time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import chain, islice, repeat
from typing import NamedTuple

import numpy as np

from sample_data.customers import customer_id
from sample_data.draw import Draws, apportion, between, chance, pick, spread, stream, weighted
from sample_data.orders import KNOWN_TO, lines_of_day, lines_per_day, sales_of
from sample_data.people import person
from sample_data.samples import Fate, Part, Record, Sample, groups
from sample_data.world import DAY, HISTORY_DAYS, HOUR, World, rfc3339

CHANNELS = weighted({"email": 42, "chat": 24, "phone": 18, "web_form": 12, "social": 4})
TOPICS = weighted({"delivery": 46, "return": 18, "payment": 10, "product": 20, "account": 6})
PRIORITIES = weighted({"low": 20, "normal": 60, "high": 15, "urgent": 5})
ANSWER_HOURS = {"low": 48, "normal": 24, "high": 8, "urgent": 2}
RESOLVE_DAYS = {"low": 10, "normal": 6, "high": 3, "urgent": 1}
SCORES = weighted({1: 8, 2: 7, 3: 15, 4: 35, 5: 35})
LONGEST_DAYS = 20
RESENT_PERCENT = 5


class Cause(NamedTuple):
    """What a ticket is about: a sale of the shop and its buyer by the source that knows them, or nothing sold."""

    at: int
    is_refunded: bool = False
    source: str = "shop"
    buyer: int | None = None


@dataclass(frozen=True, slots=True)
class Ticket:
    """A request with all that comes of it; instants in milliseconds, the order's buyer or a stranger behind it."""

    ticket_id: str
    who: tuple[tuple[str, str], ...]
    channel: str
    topic: str
    priority: str
    opened_at: int
    answered_at: int
    resolved_at: int
    score: int | None
    person: int | None


def first_parts(world: World) -> Iterator[Part]:
    """Every ticket as of first_day, some days each."""
    counts = _tickets_per_day(world)
    for days in groups(counts):
        yield Part(sum(counts[day] for day in days), partial(_opened, world, [day - HISTORY_DAYS for day in days]))


def _opened(world: World, days: Sequence[int]) -> Iterator[Sample]:
    until = world.at(0 if days[0] < 0 else 1)
    return (Sample(as_of(ticket, until), person=ticket.person) for ticket in tickets_of(world, days))


def second_delivery(world: World) -> Iterator[Sample]:
    """Tickets of first_day, older ones that went on, and some sent again unchanged."""
    yield from _opened(world, [0])
    unchanged = []
    for ticket in tickets_of(world, range(-LONGEST_DAYS, 0)):
        before, after = as_of(ticket, world.at(0)), as_of(ticket, world.at(1))
        if before != after:
            yield Sample(after, fault="a newer version", person=ticket.person)
        else:
            unchanged.append(Sample(after, Fate.DUPLICATE, "sent again unchanged", ticket.person))
    yield from unchanged[: len(unchanged) * RESENT_PERCENT // 100]


def tickets_of(world: World, days: Sequence[int]) -> Iterator[Ticket]:
    """The tickets opened after the days' orders, before the day after history where those are late."""
    sales = sales_of(world, "shop", {day: lines_of_day(world, "shop", day) for day in days})
    ends = np.searchsorted(sales.days, days, side="right").tolist()
    rngs = [stream(world.seed, "ticket", day) for day in days]
    counts = [_tickets_per_day(world)[day] if day < 0 else world.sizes.tickets // HISTORY_DAYS + 1 for day in days]
    chosen = [
        [start + place for place in spread(rng, end - start, count)]
        for rng, start, end, count in zip(rngs, [0, *ends], ends, counts, strict=False)
    ]
    about = sales.taken([*chain.from_iterable(chosen)])
    known = zip(about.at.tolist(), about.refunded_at.tolist(), about.channels, about.buyers(world), strict=True)
    causes = (Cause(at, refunded_at > 0, KNOWN_TO[channel], buyer) for at, refunded_at, channel, buyer in known)
    for day, rng, places, count in zip(days, rngs, chosen, counts, strict=True):
        asked = [*islice(causes, len(places)), *repeat(Cause(world.at(day)), count - len(places))]
        for number, cause in enumerate(asked, start=1):
            yield _ticket(world, rng, day, number, cause)


@lru_cache(maxsize=8)
def _tickets_per_day(world: World) -> list[int]:
    return apportion(world.sizes.tickets, lines_per_day(world, "shop"))


def as_of(ticket: Ticket, instant: int) -> Record:
    """The record of an instant after the ticket was opened: without what came later."""
    answered, resolved = ticket.answered_at < instant, ticket.resolved_at < instant
    record: Record = {
        "ticket_id": ticket.ticket_id,
        **dict(ticket.who),
        "channel": ticket.channel,
        "topic": ticket.topic,
        "priority": ticket.priority,
        "status": "resolved" if resolved else "pending" if answered else "open",
        "opened_at": rfc3339(ticket.opened_at, "seconds"),
    }
    if answered:
        record["first_response_at"] = rfc3339(ticket.answered_at, "seconds")
    if resolved:
        record["resolved_at"] = rfc3339(ticket.resolved_at, "seconds")
        if ticket.score is not None:
            record["satisfaction_score"] = ticket.score
    last = ticket.resolved_at if resolved else ticket.answered_at if answered else ticket.opened_at
    record["updated_at"] = rfc3339(last, "seconds")
    return record


def _ticket(world: World, rng: Draws, day: int, number: int, cause: Cause) -> Ticket:
    latest = min(cause.at + 6 * DAY, world.at(0 if day < 0 else 1) - 1000)
    opened = between(rng, cause.at // 1000, max(cause.at, latest) // 1000) * 1000
    priority = pick(rng, PRIORITIES)
    answered = opened + between(rng, 120, ANSWER_HOURS[priority] * HOUR // 1000) * 1000
    resolved = answered + between(rng, 60, RESOLVE_DAYS[priority] * DAY // 1000) * 1000
    topic = "return" if cause.is_refunded else pick(rng, TOPICS)
    score = pick(rng, SCORES) if chance(rng, 0.4) else None
    channel = pick(rng, CHANNELS)
    who = tuple(_who(world, cause, day, number).items())
    ticket_id = f"H{world.date(day):%Y%m%d}-{number:04d}"
    return Ticket(ticket_id, who, channel, topic, priority, opened, answered, resolved, score, cause.buyer)


def _who(world: World, cause: Cause, day: int, number: int) -> dict[str, str]:
    """The buyer by id and address; a guest by an address that only the helpdesk has."""
    if cause.buyer is None:
        return {"email": f"guest-{day + HISTORY_DAYS}-{number}@mail.example.com"}
    account = world.number_of(cause.source, cause.buyer)
    address = {"email": person(world.seed, cause.buyer).email}
    if account is None:
        return address
    return {
        "customer_source": cause.source,
        "customer_id": customer_id(cause.source, account),
        **address,
    }
