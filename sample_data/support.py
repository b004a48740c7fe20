"""Support tickets: they follow orders, and a ticket's record is what the helpdesk knew of it at the time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache, partial

from sample_data.customers import customer_id
from sample_data.draw import Draws, apportion, between, chance, pick, spread, stream, weighted
from sample_data.people import person
from sample_data.samples import Fate, Part, Record, Sample
from sample_data.transactions import Order, lines_of_day, lines_per_day, orders
from sample_data.world import DAY, HISTORY_DAYS, HOUR, World, rfc3339

CHANNELS = weighted({"email": 42, "chat": 24, "phone": 18, "web_form": 12, "social": 4})
TOPICS = weighted({"delivery": 46, "return": 18, "payment": 10, "product": 20, "account": 6})
PRIORITIES = weighted({"low": 20, "normal": 60, "high": 15, "urgent": 5})
ANSWER_HOURS = {"low": 48, "normal": 24, "high": 8, "urgent": 2}
RESOLVE_DAYS = {"low": 10, "normal": 6, "high": 3, "urgent": 1}
SCORES = weighted({1: 8, 2: 7, 3: 15, 4: 35, 5: 35})
LONGEST_DAYS = 20
RESENT_PERCENT = 5


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
    """Every ticket as of first_day, day by day."""
    for day, count in zip(range(-HISTORY_DAYS, 0), _tickets_per_day(world), strict=True):
        yield Part(count, partial(_opened, world, day))


def _opened(world: World, day: int) -> Iterator[Sample]:
    until = world.at(0 if day < 0 else 1)
    return (Sample(as_of(ticket, until), person=ticket.person) for ticket in tickets_of_day(world, day))


def second_delivery(world: World) -> Iterator[Sample]:
    """Tickets of first_day, older ones that went on, and some sent again unchanged."""
    yield from _opened(world, 0)
    unchanged = []
    for day in range(-LONGEST_DAYS, 0):
        for ticket in tickets_of_day(world, day):
            before, after = as_of(ticket, world.at(0)), as_of(ticket, world.at(1))
            if before != after:
                yield Sample(after, fault="a newer version", person=ticket.person)
            else:
                unchanged.append(Sample(after, Fate.DUPLICATE, "sent again unchanged", ticket.person))
    yield from unchanged[: len(unchanged) * RESENT_PERCENT // 100]


def tickets_of_day(world: World, day: int) -> list[Ticket]:
    """The tickets opened after the day's orders, before the day after history where those are late."""
    count = _tickets_per_day(world)[day] if day < 0 else world.sizes.tickets // HISTORY_DAYS + 1
    if not count:
        return []
    rng = stream(world.seed, "ticket", day)
    sold = [order for order in orders(world, "shop", day, lines_of_day(world, "shop", day)) if not order.is_refund]
    chosen: list[Order | None] = [sold[place] for place in spread(rng, len(sold), count)]
    chosen += [None] * (count - len(chosen))
    return [_ticket(world, rng, day, number, order) for number, order in enumerate(chosen, start=1)]


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


def _ticket(world: World, rng: Draws, day: int, number: int, order: Order | None) -> Ticket:
    asked_after = world.at(day) if order is None else order.at
    latest = min(asked_after + 6 * DAY, world.at(0 if day < 0 else 1) - 1000)
    opened = between(rng, asked_after // 1000, max(asked_after, latest) // 1000) * 1000
    priority = pick(rng, PRIORITIES)
    answered = opened + between(rng, 120, ANSWER_HOURS[priority] * HOUR // 1000) * 1000
    resolved = answered + between(rng, 60, RESOLVE_DAYS[priority] * DAY // 1000) * 1000
    topic = "return" if order is not None and order.refunded_at is not None else pick(rng, TOPICS)
    score = pick(rng, SCORES) if chance(rng, 0.4) else None
    channel = pick(rng, CHANNELS)
    who = tuple(_who(world, order, day, number).items())
    ticket_id = f"H{world.date(day):%Y%m%d}-{number:04d}"
    buyer = None if order is None else order.buyer
    return Ticket(ticket_id, who, channel, topic, priority, opened, answered, resolved, score, buyer)


def _who(world: World, order: Order | None, day: int, number: int) -> dict[str, str]:
    """The buyer by id and address; a guest by an address that only the helpdesk has."""
    if order is None or order.buyer is None:
        return {"email": f"guest-{day + HISTORY_DAYS}-{number}@mail.example.com"}
    account = world.number_of(order.buyer_source, order.buyer)
    address = {"email": person(world.seed, order.buyer).email}
    if account is None:
        return address
    return {
        "customer_source": order.buyer_source,
        "customer_id": customer_id(order.buyer_source, account),
        **address,
    }
