"""Orders and till receipts: every day of a source is a pure function, its number of lines exact.

Prices are those of the catalogue at the time, buyers were known by then, refunds repeat lines of their sale.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import lru_cache, partial
from itertools import chain, islice
from typing import Any, NamedTuple

from sample_data.countries import Country
from sample_data.customers import customer_id
from sample_data.draw import Draws, apportion, between, picks, stream, table, weighted, wholes
from sample_data.people import COUNTRY, person
from sample_data.samples import Fate, Part, Record, Sample
from sample_data.world import (
    DAY,
    DORMANT,
    DORMANT_SINCE,
    HISTORY_DAYS,
    HOUR,
    LOYAL,
    NEW,
    OCCASIONAL,
    Product,
    World,
    rfc3339,
)

COLUMNS = (
    "transaction_id", "line_number", "transaction_type", "transaction_at", "customer_source", "customer_id",
    "product_id", "quantity", "unit_price_cents", "discount_cents", "tax_cents", "currency", "channel",
    "updated_at",
)  # fmt: skip
COLUMNS_V2 = (*COLUMNS, "coupon_code")
SHOP_PERCENT, DAY_TWO_PERCENT = 65, 2
CORRECTIONS_PER_MILLE, REFUNDS_PER_MILLE, RESENT_PER_MILLE = 1, 1, 1
MONTH_WEIGHT = (9, 8, 9, 10, 10, 9, 8, 8, 10, 11, 15, 17)
WEEKDAY_WEIGHT = {"shop": (11, 10, 10, 10, 11, 12, 14), "store": (8, 8, 9, 10, 14, 20, 1)}
HOURS = {
    "shop": weighted({7: 2, 8: 3, 10: 4, 12: 6, 13: 5, 16: 4, 18: 6, 19: 8, 20: 10, 21: 10, 22: 6, 23: 2}),
    "store": weighted({8: 2, 9: 4, 10: 6, 11: 8, 12: 8, 13: 6, 14: 6, 15: 8, 16: 10, 17: 12, 18: 8, 19: 4}),
}
CHANNELS = {
    "shop": weighted({"web": 58, "mobile_app": 30, "marketplace": 8, "phone": 4}),
    "store": ("store",),
}
GUEST_SHARE = {"web": 0.12, "mobile_app": 0.0, "marketplace": 1.0, "phone": 0.3, "store": 0.55}
BUYER_SEGMENTS = weighted({LOYAL: 55, OCCASIONAL: 33, DORMANT: 6, NEW: 6})
LINES_PER_ORDER = weighted({1: 55, 2: 25, 3: 13, 4: 7})
QUANTITY = weighted({1: 72, 2: 18, 3: 6, 4: 4})
DISCOUNT_PERCENT = weighted({0: 78, 5: 6, 10: 10, 20: 6})
REFUND_SHARE = 0.05


class Line(NamedTuple):
    """One line of an order; money in cents."""

    line_number: int
    product: Product
    quantity: int
    unit_price_cents: int
    discount_cents: int
    tax_cents: int = 0

    @property
    def net_cents(self) -> int:
        """What was paid for the line, tax included."""
        return self.quantity * self.unit_price_cents - self.discount_cents


class Order(NamedTuple):
    """`buyer` is a person, None for a guest; `refunded_at` is when a refund repeats its first line."""

    transaction_id: str
    at: int
    channel: str
    buyer: int | None
    buyer_source: str
    country: Country
    lines: tuple[Line, ...]
    refunded_at: int | None = None
    is_refund: bool = False


def first_parts(world: World, source: str) -> Iterator[Part]:
    """The source's history up to first_day, day by day."""
    for day, count in zip(range(-HISTORY_DAYS, 0), lines_per_day(world, source), strict=True):
        yield Part(count, partial(_sold, world, source, day, count))


def _sold(world: World, source: str, day: int, count: int) -> Iterator[Sample]:
    for order in orders(world, source, day, count):
        yield from (Sample(row, person=order.buyer) for row in records(world, source, order))


def second_delivery(world: World, source: str) -> Iterator[Sample]:
    """The sales of first_day, then refunds, corrections and unchanged repeats of lines of the days before."""
    for sold in _sold(world, source, 0, lines_of_day(world, source, 0)):
        yield _with_coupon(sold) if source == "shop" else sold
    counts = lines_per_day(world, source)
    recent = chain.from_iterable(orders(world, source, day, counts[day]) for day in range(-1, -29, -1))
    sales = (order for order in recent if not order.is_refund and order.refunded_at is None)
    total = _share(world.sizes.transactions, source)
    rng = stream(world.seed, "corrections", source)
    for order in islice(sales, total * REFUNDS_PER_MILLE // 1000):
        refund = next(records(world, source, _refund(order, _during_day_zero(world, rng))))
        yield Sample(refund, fault="refund", person=order.buyer)
    for order in islice(sales, total * CORRECTIONS_PER_MILLE // 1000):
        more = order.lines[0]._replace(quantity=order.lines[0].quantity + 1, discount_cents=0)
        corrected = order._replace(lines=(_priced(order.country, more),))
        corrected_at = rfc3339(_during_day_zero(world, rng), "seconds")
        correction = {**next(records(world, source, corrected)), "updated_at": corrected_at}
        yield Sample(correction, fault="correction", person=order.buyer)
    for order in islice(sales, total * RESENT_PER_MILLE // 1000):
        yield Sample(next(records(world, source, order)), Fate.DUPLICATE, "sent again unchanged", order.buyer)


@lru_cache(maxsize=8)
def lines_per_day(world: World, source: str) -> tuple[int, ...]:
    """Line counts of the days of history, oldest first, so that [-1] is the day before first_day."""
    days = [world.date(day) for day in range(-HISTORY_DAYS, 0)]
    weights = [MONTH_WEIGHT[day.month - 1] * WEEKDAY_WEIGHT[source][day.weekday()] for day in days]
    return tuple(apportion(_share(world.sizes.transactions, source), weights))


def _with_coupon(sold: Sample) -> Sample:
    """A line of transaction.v2: what gave the discount is named."""
    row: Record = dict(sold.record)  # type: ignore[arg-type]
    if not row["discount_cents"]:
        return sold
    percent = round(100 * row["discount_cents"] / (row["quantity"] * row["unit_price_cents"]))
    return sold._replace(record={**row, "coupon_code": f"SAVE-{percent}"})


def lines_of_day(world: World, source: str, day: int) -> int:
    """Sale and refund lines `orders` has to make for one day, history or first_day."""
    if day < 0:
        return lines_per_day(world, source)[day]
    return _share(world.sizes.transactions * DAY_TWO_PERCENT // 100, source)


def orders(world: World, source: str, day: int, line_count: int) -> Iterator[Order]:
    """The day's sales, each followed by its refund if that is before first_day; `line_count` lines in all."""
    prefix = f"{'W' if source == 'shop' else 'T'}{world.date(day):%Y%m%d}"
    midnight, end, left = world.at(day), world.at(0), line_count
    sales, lines = _drawn(world, source, day, line_count)
    for number, sale in enumerate(sales, start=1):
        if not left:
            return
        hour, second, channel, is_guest, which, who, country, count, is_returned, returned_after = sale
        at = midnight + hour * HOUR + second * 1000
        buyer_source = "crm" if channel in ("store", "phone") else "shop"
        buyer = None if is_guest < GUEST_SHARE[channel] else buyer_at(world, buyer_source, day, which, who)
        if buyer is not None:
            country = person(world.seed, buyer).country
        count = min(count, left)
        left -= count
        bought = tuple([_line(world, country, at, place, *next(lines)) for place in range(1, count + 1)])
        refunded_at = at + DAY + returned_after * 1000
        order = Order(f"{prefix}-{number:05d}", at, channel, buyer, buyer_source, country, bought)
        is_refunded = left > 0 and is_returned < REFUND_SHARE and refunded_at < end
        if is_refunded:
            order = order._replace(refunded_at=refunded_at)
        yield order
        if is_refunded:
            left -= 1
            yield _refund(order, refunded_at)


def _drawn(world: World, source: str, day: int, most: int) -> tuple[Iterator[Any], Iterator[Any]]:
    """What chance says of so many sales and, apart, of as many lines: product, quantity, percent of discount."""
    drawn = table(most, 14, world.seed, "order", source, day)
    sales = zip(
        picks(drawn[0], HOURS[source]),
        wholes(drawn[1], HOUR // 1000),
        picks(drawn[2], CHANNELS[source]),
        *drawn[3:6].tolist(),
        picks(drawn[6], COUNTRY),
        picks(drawn[7], LINES_PER_ORDER),
        drawn[8].tolist(),
        wholes(drawn[9], 19 * DAY // 1000),
        strict=True,
    )
    lines = zip(
        picks(drawn[10] * drawn[11], products_on_sale(world, day)),
        picks(drawn[12], QUANTITY),
        picks(drawn[13], DISCOUNT_PERCENT),
        strict=True,
    )
    return sales, lines


def records(world: World, source: str, order: Order) -> Iterator[Record]:
    """One record per line of the order."""
    at = rfc3339(order.at, "seconds")
    number = None if order.buyer is None else world.number_of(order.buyer_source, order.buyer)
    who: Record = {}
    if number is not None:
        who = {"customer_source": order.buyer_source, "customer_id": customer_id(order.buyer_source, number)}
    for line in order.lines:
        yield {
            "transaction_id": order.transaction_id,
            "line_number": line.line_number,
            "transaction_type": "refund" if order.is_refund else "sale",
            "transaction_at": at,
            **who,
            "product_id": line.product.product_id,
            "quantity": line.quantity,
            "unit_price_cents": line.unit_price_cents,
            "discount_cents": line.discount_cents,
            "tax_cents": line.tax_cents,
            "currency": "EUR",
            "channel": order.channel,
            "updated_at": at,
        }


def _share(lines: int, source: str) -> int:
    shop = lines * SHOP_PERCENT // 100
    return shop if source == "shop" else lines - shop


def _during_day_zero(world: World, rng: Draws) -> int:
    return world.at(0, 7) + between(rng, 0, 16 * HOUR // 1000) * 1000


def _refund(sale: Order, at: int) -> Order:
    return sale._replace(
        transaction_id=f"{sale.transaction_id}-R",
        at=at,
        lines=sale.lines[:1],
        refunded_at=None,
        is_refund=True,
    )


def pick_buyer(world: World, rng: Draws, source: str, day: int) -> int | None:
    """A person the source knew on that day, by segment; None when it knew nobody."""
    return buyer_at(world, source, day, rng.random(), rng.random())


def buyer_at(world: World, source: str, day: int, which: float, who: float) -> int | None:
    """As `pick_buyer`, of two numbers drawn."""
    crowd = _crowd(world, source, day)
    if not crowd:
        return None
    people, known = crowd[int(which * len(crowd))]
    return people[int(who * known)]


@lru_cache(maxsize=16)
def _crowd(world: World, source: str, day: int) -> tuple[tuple[Sequence[int], int], ...]:
    """Who buys on a day: the people of a segment, as often as it counts, and how many of them have joined by then."""
    people = world.buyers[source]
    known = [bisect_right(joined, day, key=world.joined_day.__getitem__) for joined in people]
    if day > DORMANT_SINCE:
        known[DORMANT] = 0
    crowds = list(zip(people, known, strict=True))
    return tuple([crowds[segment] for segment in BUYER_SEGMENTS if known[segment]])


@lru_cache(maxsize=16)
def products_on_sale(world: World, day: int) -> tuple[Product, ...]:
    """What can be bought on a day; the first product always can."""
    return tuple(product for product in world.products if world.is_sold(product, day))


def _line(
    world: World, country: Country, at: int, position: int, product: Product, quantity: int, percent: int
) -> Line:
    price = world.price_at(product, at)
    discount = quantity * price * percent // 100
    return Line(position, product, quantity, price, discount, _tax(country, quantity * price - discount))


def _priced(country: Country, line: Line) -> Line:
    """The line with the tax its price contains."""
    return line._replace(tax_cents=_tax(country, line.net_cents))


def _tax(country: Country, net_cents: int) -> int:
    """The tax that an amount contains, rounded half up."""
    vat = country.vat_percent
    return (net_cents * vat * 2 + 100 + vat) // (2 * (100 + vat))
