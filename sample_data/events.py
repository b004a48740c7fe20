"""Click events in sessions (Segment's tracking shape); every day is a pure function, its count exact.

A completed order is an order of the shop's transactions, at its time, by its buyer. An event is put together as text:
what its steps say is JSON already and mostly the same for all who take them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from functools import lru_cache, partial
from itertools import accumulate, chain, repeat

import numpy as np

from sample_data.customers import login_email
from sample_data.draw import REMEMBERED, Draws, apportion, between, chance, pick, several, stream, weighted
from sample_data.orders import Order, lines_of_day, products_on_sale, sales_of
from sample_data.people import person
from sample_data.samples import Fate, Part, Record, Sample
from sample_data.steps import CART, CATEGORY_PAGES, CHECKOUT, HOME, LOGIN, SEARCHES, Step, fields, look_at, put_in_cart
from sample_data.visitors import APP_AGENT, CAMPAIGNS, Visitor, anonymous_visitor, known_visitor, user_id, visitor
from sample_data.world import DAY, HOUR, World, isoformat

EVENT_DAYS = 7
DAY_TWO_PERCENT = 5
LATE_PER_MILLE, TOO_LATE_PER_MYRIAD, REDELIVERED_PER_MILLE = 2, 1, 5
HOUR_WEIGHT = (3, 2, 1, 1, 1, 2, 4, 7, 9, 9, 10, 11, 12, 12, 11, 11, 12, 14, 16, 19, 21, 20, 14, 8)
OFFSETS = weighted({0: 84, 60: 5, 120: 5, -300: 4, 330: 2})
PRODUCTS_SEEN = (0, 1, 1, 2, 2, 3, 5)
FRACTIONS = weighted({"milliseconds": 85, "seconds": 10, "microseconds": 5})

LATE = "/timestamp late"
# How a session writes its instants: the milliseconds to add, how much of the text to take, and what follows it.
Written = tuple[int, int, str]
WRITTEN: dict[tuple[int, str], Written] = {
    (offset, fraction): (offset * 60_000, length, zeros + ends)
    for offset, ends in {0: "Z", 60: "+01:00", 120: "+02:00", -300: "-05:00", 330: "+05:30"}.items()
    for fraction, (length, zeros) in {
        "seconds": (19, ""),
        "milliseconds": (23, ""),
        "microseconds": (23, "000"),
    }.items()
}
# When it happened, the message's id, when it was sent, how the first is written, the event before and behind its times,
# and whose it is.
Timed = tuple[int, str, int, Written, str, str, int | None]


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
    sales = sales_of(world, "shop", {day: lines_of_day(world, "shop", day)})
    seen = [place for place, channel in enumerate(sales.channels) if channel in ("web", "mobile_app")]
    for order in sales.taken(seen).orders(world):
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
    timed.sort()
    return _samples(timed)


def _samples(timed: list[Timed]) -> Iterator[Sample]:
    """The events with their instants, which are written all at once."""
    happened, ids, sent, written, heads, tails, whose = zip(*timed, strict=True) if timed else ((),) * 7
    local = np.array(happened, dtype=np.int64) + np.array([added for added, _, _ in written], dtype=np.int64)
    events = [
        f'{{"messageId":"{message_id}",{head}"timestamp":"{at[:length]}{end}","sentAt":"{sent_at}Z",{tail}'.encode()
        for message_id, head, at, (_, length, end), sent_at, tail in zip(
            ids,
            heads,
            isoformat(local, "ms"),
            written,
            isoformat(np.array(sent, dtype=np.int64), "ms"),
            tails,
            strict=True,
        )
    ]
    return map(Sample, events, repeat(Fate.ACCEPTED), repeat(""), whose)


def buying_session(world: World, rng: Draws, order: Order) -> list[Timed]:
    """From the landing page to the completed order, and for a known buyer the server's confirmation."""
    uses_app = order.channel == "mobile_app"
    buyer = order.buyer
    who = anonymous_visitor(world, rng) if buyer is None else known_visitor(world, rng, buyer, uses_app)
    steps = [HOME]
    for line in order.lines:
        steps += look_at(line.product)
        steps.append(put_in_cart(line.product, line.unit_price_cents, line.quantity))
    steps += [CART] if buyer is None else [CART, LOGIN]
    total = {
        "revenue_cents": sum(line.net_cents for line in order.lines),
        "quantity": sum(line.quantity for line in order.lines),
        "currency": "EUR",
    }
    completed = {"order_id": order.transaction_id, **total}
    steps.append(Step.of("track", "Checkout Started", "/checkout", **total))
    steps.append(Step.of("track", "Order Completed", "/checkout/thanks", **completed))
    session = _session(world, rng, who, steps, order.at, uses_app)
    if buyer is not None and chance(rng, 0.5):
        session.append(_confirmation(rng, user_id(world, buyer), completed, order))
    return session


def _browsing_session(world: World, rng: Draws, start: int, end: int) -> list[Timed]:
    ended = between(rng, start, end - 1)
    day = (ended - world.at(0)) // DAY
    who = visitor(world, rng, day)
    uses_app = who.device.user_agent == APP_AGENT
    random, on_sale = rng.random, products_on_sale(world, day)
    steps = [HOME]
    if who.person is not None and random() < 0.4:
        steps.append(LOGIN)
    for _ in range(pick(rng, PRODUCTS_SEEN)):
        wanders = random()
        if wanders < 0.2:
            steps.append(pick(rng, SEARCHES))
        elif wanders < 0.44:
            steps.append(pick(rng, CATEGORY_PAGES))
        product = on_sale[int(random() * random() * len(on_sale))]
        steps += look_at(product)
        if random() < 0.12:
            steps.append(put_in_cart(product, world.price_at(product, ended), 1))
            if random() < 0.3:
                steps.append(CHECKOUT)
    return _session(world, rng, who, steps, ended, uses_app)


def _session(world: World, rng: Draws, who: Visitor, steps: list[Step], ended: int, uses_app: bool) -> list[Timed]:
    """The steps as events, timed backwards from the end; a user id from the login on, in the app always."""
    campaign = int(rng.random() * len(CAMPAIGNS))
    came_from, _ = CAMPAIGNS[campaign]
    written = WRITTEN[pick(rng, OFFSETS), pick(rng, FRACTIONS)]
    _, kind, agent = who.device
    context = _context(agent, kind, who.country.locale, who.country.code, campaign)
    referrer = f'"referrer":"{came_from}",' if came_from else ""
    known_as = f'"userId":"{user_id(world, who.person)}",' if who.person is not None else ""
    device = f'"anonymousId":"{who.device.anonymous_id}",{known_as if uses_app else ""}'
    gaps = several(rng, len(steps) - 1, 2_000, 95_000)
    times = accumulate(gaps, initial=ended - sum(gaps))
    session: list[Timed] = []
    for step, at, delay in zip(steps, times, several(rng, len(steps), 20, 4_000), strict=True):
        is_login, call, call_in_app, opening, closing, closing_in_app, title, as_referrer = step
        if is_login and who.person is not None:
            device = f'"anonymousId":"{who.device.anonymous_id}",{known_as}'
            says = f'"traits":{{{_traits(world, who.person)}}}}}'
            closing, closing_in_app = title + says, f"}},{says}"
        if uses_app:
            head, tail = device + call_in_app, context + closing_in_app
        else:
            head, tail = device + call, f"{context}{opening}{referrer}{closing}"
        session.append((at, rng.uuid(), at + delay, written, head, tail, who.person))
        referrer = as_referrer
    return session


@lru_cache(maxsize=REMEMBERED)
def _context(user_agent: str, device_type: str, locale: str, country: str, campaign: int) -> str:
    """What all events of a session say of device, place and campaign; the object is open for the page."""
    uses_app, (_, came_by) = user_agent == APP_AGENT, CAMPAIGNS[campaign]
    context = {
        "userAgent": user_agent,
        "locale": locale,
        **({"campaign": came_by} if came_by and not uses_app else {}),
        "device": {"type": device_type},
        **({"app": {"name": "Shop App"}} if uses_app else {}),
        "location": {"country": country},
    }
    return fields(context=context)[:-1]


@lru_cache(maxsize=REMEMBERED)
def _traits(world: World, who: int) -> str:
    """What a login states: the account's own address, and the number of who logs in."""
    known = person(world.seed, who)
    account = world.number_of("shop", who)
    email = None if account is None else login_email(world, account)
    return fields(phone=f"+{known.country.dial}{known.phone}", **({"email": email} if email else {}))


def _confirmation(rng: Draws, known_as: str, completed: Record, order: Order) -> Timed:
    """The shop's server states the order too; it knows the customer but not the device."""
    at = order.at + 250
    head = f"{fields(userId=known_as, type='track', event='Order Confirmed')},"
    return at, rng.uuid(), at, WRITTEN[0, "milliseconds"], head, f"{fields(properties=completed)}}}", order.buyer


def _history_counts(world: World) -> list[int]:
    return apportion(world.sizes.events, [1] * EVENT_DAYS)


def _browsing(world: World, rng: Draws, start: int, end: int, count: int) -> list[Sample]:
    timed: list[Timed] = []
    while len(timed) < count:
        timed += _browsing_session(world, rng, start, end)
    return [*_samples(timed[:count])]
