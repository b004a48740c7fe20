"""Click events in sessions (Segment's tracking shape); every day is a pure function, its count exact.

A completed order is an order of the shop's transactions, at its time, by its buyer.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from functools import lru_cache, partial
from itertools import chain
from typing import NamedTuple

from sample_data.customers import login_email
from sample_data.draw import Draws, apportion, between, chance, pick, stream, uuid, weighted
from sample_data.people import person
from sample_data.samples import Fate, Part, Record, Sample
from sample_data.transactions import Order, lines_of_day, orders
from sample_data.visitors import CAMPAIGNS, Visitor, anonymous_visitor, known_visitor, user_id, visitor
from sample_data.world import CATEGORIES, DAY, HOUR, Product, World, rfc3339

EVENT_DAYS = 7
DAY_TWO_PERCENT = 5
LATE_PER_MILLE, TOO_LATE_PER_MYRIAD, REDELIVERED_PER_MILLE = 2, 1, 5
HOUR_WEIGHT = (3, 2, 1, 1, 1, 2, 4, 7, 9, 9, 10, 11, 12, 12, 11, 11, 12, 14, 16, 19, 21, 20, 14, 8)
SITE = "https://shop.example.com"
QUERIES = ("rain jacket", "espresso", "läufer schuhe", "cadeau", "olive oil", "smart watch", "größe 42")
CATEGORY_NAMES = tuple(CATEGORIES)
OFFSETS = weighted({0: 84, 60: 5, 120: 5, -300: 4, 330: 2})
FRACTIONS = weighted({"milliseconds": 85, "seconds": 10, "microseconds": 5})

LATE = "/timestamp late"
Timed = tuple[int, Record, int | None]


class Step(NamedTuple):
    """One thing a visitor does, before it has a time; a `page` step is a screen in the app."""

    kind: str
    name: str
    path: str
    properties: Record


def second_delivery(world: World) -> Iterator[Sample]:
    """The events of first_day."""
    return events_of_day(world, 0, world.sizes.events * DAY_TWO_PERCENT // 100)


def stragglers(world: World) -> list[Sample]:
    """What else comes on day 2: late events, events too late to take, and exact copies of events of day 1."""
    count = world.sizes.events
    rng = stream(world.seed, "late")
    late = _browsing(world, rng, world.at(-27), world.at(-2), count * LATE_PER_MILLE // 1000)
    too_late = _browsing(world, rng, world.at(-80), world.at(-32), -(-count * TOO_LATE_PER_MYRIAD // 10_000))
    yesterday = events_of_day(world, -1, _history_counts(world)[-1])
    copies = deque(yesterday, maxlen=count * REDELIVERED_PER_MILLE // 1000)
    return [
        *(sample._replace(fault="late") for sample in late),
        *(s._replace(fate=Fate.LATE_HELD, fault="later than the window", reason=LATE) for s in too_late),
        *(sample._replace(fate=Fate.DUPLICATE, fault="delivered again") for sample in copies),
    ]


def first_parts(world: World) -> Iterator[Part]:
    """The seven days before first_day, in order of time within each hour."""
    for day, count in zip(range(-EVENT_DAYS, 0), _history_counts(world), strict=True):
        yield from _hours_of_day(world, day, count)


def events_of_day(world: World, day: int, count: int) -> Iterator[Sample]:
    """Exactly `count` events of sessions that end on the day, ordered by time within each hour."""
    return chain.from_iterable(part.make() for part in _hours_of_day(world, day, count))


def _hours_of_day(world: World, day: int, count: int) -> Iterator[Part]:
    for hour, share in enumerate(apportion(count, HOUR_WEIGHT)):
        yield Part(share, partial(_events_of_hour, world, day, hour, share))


@lru_cache(maxsize=2)
def _bought(world: World, day: int) -> dict[int, list[Order]]:
    """The day's orders that come of a session on site or app, by hour."""
    bought: dict[int, list[Order]] = {}
    for order in orders(world, "shop", day, lines_of_day(world, "shop", day)):
        if order.channel in ("web", "mobile_app") and not order.is_refund:
            bought.setdefault(order.at // HOUR % 24, []).append(order)
    return bought


def _events_of_hour(world: World, day: int, hour: int, count: int) -> Iterator[Sample]:
    rng = stream(world.seed, "session", day, hour)
    timed: list[Timed] = []
    for order in _bought(world, day).get(hour, ()):
        if len(timed) < count:
            timed += buying_session(world, rng, order)[len(timed) - count :]
    start = world.at(day, hour)
    while len(timed) < count:
        timed += _browsing_session(world, rng, start, start + HOUR)[: count - len(timed)]
    timed.sort(key=lambda event: (event[0], event[1]["messageId"]))
    return (Sample(record, person=who) for _, record, who in timed)


def buying_session(world: World, rng: Draws, order: Order) -> list[Timed]:
    """From the landing page to the completed order, and for a known buyer the server's confirmation."""
    uses_app = order.channel == "mobile_app"
    buyer = order.buyer
    who = anonymous_visitor(world, rng) if buyer is None else known_visitor(world, rng, buyer, uses_app)
    steps = [Step("page", "Home", "/", {})]
    for line in order.lines:
        steps += _look_at(line.product)
        steps.append(_put_in_cart(line.product, line.unit_price_cents, line.quantity))
    login = Step("identify", "", "/account/login", {})
    steps += [Step("page", "Cart", "/cart", {}), *([] if buyer is None else [login])]
    total = {
        "order_id": order.transaction_id,
        "revenue_cents": sum(line.net_cents for line in order.lines),
        "quantity": sum(line.quantity for line in order.lines),
        "currency": "EUR",
    }
    steps.append(Step("track", "Checkout Started", "/checkout", _without(total, "order_id")))
    steps.append(Step("track", "Order Completed", "/checkout/thanks", total))
    session = _session(world, rng, who, steps, order.at, uses_app)
    if buyer is not None and chance(rng, 0.5):
        session.append((order.at + 250, _confirmation(rng, session[-1][1], order), buyer))
    return session


def _browsing_session(world: World, rng: Draws, start: int, end: int) -> list[Timed]:
    ended = between(rng, start, end - 1)
    day = (ended - world.at(0)) // DAY
    who = visitor(world, rng, day)
    uses_app = who.device.user_agent.startswith("ShopApp")
    steps = [Step("page", "Home", "/", {})]
    if who.person is not None and chance(rng, 0.4):
        steps.append(Step("identify", "", "/account/login", {}))
    for _ in range(pick(rng, (0, 1, 1, 2, 2, 3, 5))):
        if chance(rng, 0.2):
            steps.append(Step("track", "Products Searched", "/search", {"query": pick(rng, QUERIES)}))
        elif chance(rng, 0.3):
            category = pick(rng, CATEGORY_NAMES)
            steps.append(Step("page", category.title(), f"/c/{category}", {"category": category}))
        product = world.products[int(rng.random() * rng.random() * world.sizes.products)]
        if product.launched_day >= day or product.ended_day is not None:
            product = world.products[0]
        steps += _look_at(product)
        if chance(rng, 0.12):
            steps.append(_put_in_cart(product, world.price_at(product, ended), 1))
            if chance(rng, 0.3):
                steps.append(Step("track", "Checkout Started", "/checkout", {}))
    return _session(world, rng, who, steps, ended, uses_app)


def _session(world: World, rng: Draws, who: Visitor, steps: list[Step], ended: int, uses_app: bool) -> list[Timed]:
    """The steps as events, timed backwards from the end; a user id from the login on, in the app always."""
    referrer, campaign = pick(rng, CAMPAIGNS)
    offset, fraction = pick(rng, OFFSETS), pick(rng, FRACTIONS)
    context: Record = {"userAgent": who.device.user_agent, "locale": who.country.locale}
    if campaign and not uses_app:
        context["campaign"] = campaign
    context["device"] = {"type": who.device.device_type}
    if uses_app:
        context["app"] = {"name": "Shop App"}
    context["location"] = {"country": who.country.code}
    logins = [place for place, step in enumerate(steps) if step.kind == "identify"]
    known_from = 0 if uses_app else min(logins, default=len(steps))
    gaps = [between(rng, 2_000, 95_000) for _ in steps[1:]]
    at, url = ended - sum(gaps), "" if uses_app else referrer
    anonymous_id, person = who.device.anonymous_id, who.person
    known_as = user_id(world, person) if person is not None and known_from < len(steps) else ""
    session: list[Timed] = []
    for place, (kind, name, path, properties) in enumerate(steps):
        record: Record = {"messageId": uuid(rng), "anonymousId": anonymous_id}
        if place >= known_from and known_as:
            record["userId"] = known_as
        record["type"] = "screen" if uses_app and kind == "page" else kind
        if kind == "track":
            record["event"] = name
        record["timestamp"] = rfc3339(at, fraction, offset)
        record["sentAt"] = rfc3339(at + between(rng, 20, 4_000), "milliseconds")
        here = SITE + path
        if uses_app:
            record["context"] = context
        else:
            came_from = {"referrer": url} if url else {}
            record["context"] = {
                **context,
                "page": {"path": path, "url": here, **came_from, "title": name or "Login"},
            }
        if kind == "identify" and person is not None:
            record["traits"] = _traits(world, person)
        else:
            record["properties"] = {**properties, "path": path}
        session.append((at, record, person))
        url = here
        at += gaps[place] if place < len(gaps) else 0
    return session


def _traits(world: World, who: int) -> Record:
    """What a login states: the account's own address, and the number of who logs in."""
    known = person(world.seed, who)
    traits: Record = {"phone": f"+{known.country.dial}{known.phone}"}
    account = world.number_of("shop", who)
    if account is not None and (email := login_email(world, account)):
        traits["email"] = email
    return traits


def _confirmation(rng: Draws, completed: Record, order: Order) -> Record:
    """The shop's server states the order too; it knows the customer but not the device."""
    at = rfc3339(order.at + 250, "milliseconds")
    return {
        "messageId": uuid(rng),
        "userId": completed["userId"],
        "type": "track",
        "event": "Order Confirmed",
        "timestamp": at,
        "sentAt": at,
        "properties": _without(completed["properties"], "path"),
    }


def _without(record: Record, key: str) -> Record:
    return {name: value for name, value in record.items() if name != key}


@lru_cache(maxsize=16_384)
def _look_at(product: Product) -> tuple[Step, Step]:
    path = f"/p/{product.product_id}"
    seen = {"product_id": product.product_id, "category": product.category}
    return Step("page", product.name, path, {}), Step("track", "Product Viewed", path, seen)


def _put_in_cart(product: Product, price_cents: int, quantity: int) -> Step:
    value = {"quantity": quantity, "revenue_cents": price_cents * quantity, "currency": "EUR"}
    item = {"product_id": product.product_id, "category": product.category, **value}
    return Step("track", "Product Added", "/cart", item)


def _history_counts(world: World) -> list[int]:
    return apportion(world.sizes.events, [1] * EVENT_DAYS)


def _browsing(world: World, rng: Draws, start: int, end: int, count: int) -> list[Sample]:
    samples: list[Sample] = []
    while len(samples) < count:
        samples += (Sample(record, person=who) for _, record, who in _browsing_session(world, rng, start, end))
    return samples[:count]
