"""Orders and till receipts as columns: every day of a source is a pure function, its number of lines exact.

Prices are those of the catalogue at the time, buyers were known by then, refunds repeat the first line of their sale.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sample_data.draw import Draws, apportion, picks, table, weighted, wholes
from sample_data.people import COUNTRY, person
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
)

SHOP_PERCENT, DAY_TWO_PERCENT = 65, 2
MONTH_WEIGHT = (9, 8, 9, 10, 10, 9, 8, 8, 10, 11, 15, 17)
WEEKDAY_WEIGHT = {"shop": (11, 10, 10, 10, 11, 12, 14), "store": (8, 8, 9, 10, 14, 20, 1)}
HOURS = {
    "shop": np.array(weighted({7: 2, 8: 3, 10: 4, 12: 6, 13: 5, 16: 4, 18: 6, 19: 8, 20: 10, 21: 10, 22: 6, 23: 2})),
    "store": np.array(weighted({8: 2, 9: 4, 10: 6, 11: 8, 12: 8, 13: 6, 14: 6, 15: 8, 16: 10, 17: 12, 18: 8, 19: 4})),
}
CHANNELS = {
    "shop": weighted({"web": 58, "mobile_app": 30, "marketplace": 8, "phone": 4}),
    "store": ("store",),
}
GUEST_SHARE = {"web": 0.12, "mobile_app": 0.0, "marketplace": 1.0, "phone": 0.3, "store": 0.55}
KNOWN_TO = {"web": "shop", "mobile_app": "shop", "marketplace": "shop", "phone": "crm", "store": "crm"}
BUYER_SEGMENTS = weighted({LOYAL: 55, OCCASIONAL: 33, DORMANT: 6, NEW: 6})
LINES_PER_ORDER = np.array(weighted({1: 55, 2: 25, 3: 13, 4: 7}))
QUANTITY = np.array(weighted({1: 72, 2: 18, 3: 6, 4: 4}))
DISCOUNT_PERCENT = np.array(weighted({0: 78, 5: 6, 10: 10, 20: 6}))
REFUND_SHARE = 0.05
Whole = NDArray[np.int64]


class Line(NamedTuple):
    """One line of an order; money in cents."""

    product: Product
    quantity: int
    unit_price_cents: int
    net_cents: int


class Order(NamedTuple):
    """`buyer` is a person, None for a guest."""

    transaction_id: str
    at: int
    channel: str
    buyer: int | None
    lines: list[Line]


class Lines(NamedTuple):
    """Lines of sales, sale by sale; money in cents, `net_cents` is what was paid, tax included."""

    products: list[Product]
    quantities: Whole
    unit_price_cents: Whole
    discount_cents: Whole
    net_cents: Whole
    tax_cents: Whole


class Sales(NamedTuple):
    """Sales of a source in columns, day by day: `counts` lines each, drawn from place `starts` on.

    `refunded_at` is when a refund repeats the first line, before first_day; 0 for what is kept. What is drawn of the
    buyers and of the lines is looked up when it is asked for.
    """

    days: Whole
    ids: list[str]
    at: Whole
    channels: list[str]
    counts: Whole
    starts: Whole
    refunded_at: Whole
    drawn_buyers: NDArray[np.float64]
    drawn_lines: NDArray[np.float64]

    def taken(self, places: Sequence[int]) -> Sales:
        """Some of the sales."""
        of = np.array(places, dtype=np.int64)
        return Sales(
            self.days[of],
            [self.ids[place] for place in places],
            self.at[of],
            [self.channels[place] for place in places],
            self.counts[of],
            self.starts[of],
            self.refunded_at[of],
            self.drawn_buyers[:, of],
            self.drawn_lines,
        )

    def buyers(self, world: World) -> list[int | None]:
        """Who bought; None for a guest."""
        return [
            None if is_guest < GUEST_SHARE[channel] else buyer_at(world, KNOWN_TO[channel], day, which, who)
            for day, channel, is_guest, which, who in zip(
                self.days.tolist(), self.channels, *self.drawn_buyers[:3].tolist(), strict=True
            )
        ]

    def vat_percent(self, world: World, buyers: Sequence[int | None]) -> Whole:
        """The tax of the country where the buyer lives, or the guest is."""
        guests_are_in = picks(self.drawn_buyers[3], COUNTRY)
        countries = [
            anywhere if buyer is None else person(world.seed, buyer).country
            for buyer, anywhere in zip(buyers, guests_are_in, strict=True)
        ]
        return np.array([country.vat_percent for country in countries], dtype=np.int64)

    def lines(self, world: World, buyers: Sequence[int | None]) -> Lines:
        """What was bought."""
        before = np.cumsum(self.counts) - self.counts
        places = np.arange(self.counts.sum()) + np.repeat(self.starts - before, self.counts)
        one, other, drawn_quantity, drawn_discount = self.drawn_lines[:, places]
        products = _picked_on(world, np.repeat(self.days, self.counts), one * other)
        prices = world.prices_at(products, np.repeat(self.at, self.counts))
        quantities = _picked(drawn_quantity, QUANTITY)
        discounts = quantities * prices * _picked(drawn_discount, DISCOUNT_PERCENT) // 100
        net = quantities * prices - discounts
        vat = np.repeat(self.vat_percent(world, buyers), self.counts)
        sold = [world.products[product] for product in products.tolist()]
        return Lines(sold, quantities, prices, discounts, net, tax(net, vat))

    def orders(self, world: World) -> Iterator[Order]:
        """Each sale with its lines."""
        buyers = self.buyers(world)
        lines = self.lines(world, buyers)
        money = (column.tolist() for column in (lines.quantities, lines.unit_price_cents, lines.net_cents))
        bought = map(Line, lines.products, *money)
        sales = zip(self.ids, self.at.tolist(), self.channels, buyers, self.counts.tolist(), strict=True)
        for transaction_id, at, channel, buyer, count in sales:
            yield Order(transaction_id, at, channel, buyer, list(islice(bought, count)))


def share(lines: int, source: str) -> int:
    """A source's part of the transaction lines."""
    shop = lines * SHOP_PERCENT // 100
    return shop if source == "shop" else lines - shop


@lru_cache(maxsize=8)
def lines_per_day(world: World, source: str) -> tuple[int, ...]:
    """Line counts of the days of history, oldest first, so that [-1] is the day before first_day."""
    days = [world.date(day) for day in range(-HISTORY_DAYS, 0)]
    weights = [MONTH_WEIGHT[day.month - 1] * WEEKDAY_WEIGHT[source][day.weekday()] for day in days]
    return tuple(apportion(share(world.sizes.transactions, source), weights))


def lines_of_day(world: World, source: str, day: int) -> int:
    """Sale and refund lines of one day, history or first_day."""
    if day < 0:
        return lines_per_day(world, source)[day]
    return share(world.sizes.transactions * DAY_TWO_PERCENT // 100, source)


def sales_of(world: World, source: str, line_counts: Mapping[int, int]) -> Sales:
    """The sales of some days and which of them are refunded before first_day.

    Every day has exactly so many lines, refunds included: its last sale has fewer, or no refund, where need be.
    """
    sizes = np.array([*line_counts.values()], dtype=np.int64)
    days = np.repeat(np.array([*line_counts], dtype=np.int64), sizes)
    drawn = np.hstack([table(count, 14, world.seed, "order", source, day) for day, count in line_counts.items()])
    at = world.at(0) + days * DAY + _picked(drawn[0], HOURS[source]) * HOUR + wholes(drawn[1], HOUR // 1000) * 1000
    refunded_at = at + DAY + wholes(drawn[9], 19 * DAY // 1000) * 1000
    refunded_at[(drawn[8] >= REFUND_SHARE) | (refunded_at >= world.at(0))] = 0
    counts = _picked(drawn[7], LINES_PER_ORDER)
    first = np.repeat(np.cumsum(sizes) - sizes, sizes)  # place of the day's first sale, and of its first line
    left = np.maximum(np.repeat(sizes, sizes) - _before(counts + (refunded_at > 0), first), 0)
    counts = np.minimum(counts, left)
    refunded_at[counts == left] = 0
    starts = first + _before(counts, first)
    made = np.flatnonzero(counts)
    prefixes = {day: f"{'W' if source == 'shop' else 'T'}{world.date(day):%Y%m%d}" for day in line_counts}
    numbered = zip(days[made].tolist(), (made - first[made] + 1).tolist(), strict=True)
    return Sales(
        days[made],
        [f"{prefixes[day]}-{number:05d}" for day, number in numbered],
        at[made],
        picks(drawn[2, made], CHANNELS[source]),
        counts[made],
        starts[made],
        refunded_at[made],
        drawn[3:7, made],
        drawn[10:14],
    )


def _before(sizes: Whole, first: Whole) -> Whole:
    """The sum of the sizes that stand before each of the same day."""
    before = np.cumsum(sizes) - sizes
    return before - before[first]


def _picked_on(world: World, days: Whole, drawn: NDArray[np.float64]) -> Whole:
    """One of the products on sale on each day, by its place in the catalogue."""
    several, which = np.unique(days, return_inverse=True)
    on_sale = [_places_on_sale(world, day) for day in several.tolist()]
    sizes = np.array([len(places) for places in on_sale], dtype=np.int64)
    first = np.cumsum(sizes) - sizes
    picked: Whole = np.concatenate([*on_sale, sizes[:0]])[first[which] + (drawn * sizes[which]).astype(np.int64)]
    return picked


def tax(net_cents: Whole, vat_percent: Whole) -> Whole:
    """The tax that amounts contain, rounded half up."""
    return (net_cents * vat_percent * 2 + 100 + vat_percent) // (2 * (100 + vat_percent))


def _picked(column: NDArray[np.float64], values: Whole) -> Whole:
    """As `picks`, of numbers."""
    return values[wholes(column, len(values))]


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
    return tuple(world.products[place] for place in _places_on_sale(world, day).tolist())


@lru_cache(maxsize=16)
def _places_on_sale(world: World, day: int) -> Whole:
    return np.flatnonzero(world.is_sold(day))
