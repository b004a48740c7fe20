"""The world all sample data is taken from: who exists, under which ids, what is sold, and what day it is.

Days are counted from `first_day`: day 0 is the first one the platform sees running, history lies below 0.
Instants are milliseconds since 1970 UTC.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sample_data.draw import REMEMBERED, between, chance, pick, spread, stream, weighted

HOUR, DAY = 3_600_000, 86_400_000
HISTORY_DAYS = 400
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LOYAL, OCCASIONAL, DORMANT, NEW = range(4)
SEGMENTS = weighted({LOYAL: 20, OCCASIONAL: 50, DORMANT: 20, NEW: 10})
DORMANT_SINCE = -180
SHOP_AGAIN_PERCENT, CRM_AGAIN_PERCENT = 5, 8
NEW_CUSTOMERS_PERCENT, NEW_PRODUCTS_PERCENT, PRICE_CHANGES_PERCENT = 2, 1, 5
CATEGORIES: dict[str, tuple[str, ...]] = {
    "shoes": ("Running Shoe", "Sneaker", "Hiking Boot", "Sandal"),
    "clothing": ("Rain Jacket", "T-Shirt", "Merino Sweater", "Jeans"),
    "home": ("Espresso Maker", "Wool Blanket", "Desk Lamp", "Café Table"),
    "electronics": ("Headphones", "Smart Watch", "Power Bank", "Speaker"),
    "beauty": ("Face Cream", "Shampoo", "Eau de Parfum", "Lip Balm"),
    "grocery": ("Olive Oil", "Dark Chocolate", "Green Tea", "Muesli"),
}
BRANDS = ("Nordwind", "Lumière", "Ångström", "Alpina & Co", "Kestrel", "Zażółć", "Bluebird", "Oak + Iron")


class Sizes(NamedTuple):
    """Records on day 1: customers over both sources, products, transaction lines, click events."""

    customers: int = 5_000
    products: int = 200
    transactions: int = 50_000
    events: int = 100_000

    @property
    def tickets(self) -> int:
        """Support tickets: one to twenty-five transaction lines."""
        return self.transactions // 25

    @property
    def contacts(self) -> int:
        """Steps of campaign messages: two to a customer record."""
        return self.customers * 2

    @property
    def consents(self) -> int:
        """Consent events: one to a customer record and a second one to every fifth."""
        return self.customers + self.customers // 5


class Cohort(NamedTuple):
    """Customer records that appear together.

    Persons in both sources come first, then shop only, then crm only. Of each source's records the last
    `shop_again` and `crm_again` are of people it has already.
    """

    first_person: int
    first_shop: int
    first_crm: int
    shop: int
    crm: int
    both: int
    shop_again: int
    crm_again: int

    @property
    def shop_persons(self) -> int:
        """People with a record in shop."""
        return self.shop - self.shop_again

    @property
    def crm_persons(self) -> int:
        """People with a record in crm."""
        return self.crm - self.crm_again

    @property
    def persons(self) -> int:
        """How many humans stand behind the records."""
        return self.shop_persons + self.crm_persons - self.both

    @classmethod
    def of(cls, records: int, before: Cohort | None = None) -> Cohort:
        """A cohort of so many records, its numbers following those of the cohort before."""
        shop = records * 7 // 10
        crm = records - shop
        again = shop * SHOP_AGAIN_PERCENT // 100, crm * CRM_AGAIN_PERCENT // 100
        both = min(records // 5, crm - again[1], shop - again[0])
        firsts = (0, 0, 0)
        if before is not None:
            ends = (before.persons, before.shop, before.crm)
            firsts = (before.first_person + ends[0], before.first_shop + ends[1], before.first_crm + ends[2])
        return cls(*firsts, shop, crm, both, *again)


@dataclass(frozen=True, slots=True, eq=False)
class Product:
    """Sold from `launched_day` until before `ended_day`; at the new price from `World.price_change_at` on."""

    product_id: str
    name: str
    category: str
    brand: str
    price_cents: int
    launched_day: int
    touched_day: int
    ended_day: int | None = None
    new_price_cents: int | None = None


class World:
    """All that the parts of the sample data agree on, small enough to hold; the rest is drawn lazily."""

    def __init__(self, seed: int, sizes: Sizes, first_day: date) -> None:
        self.seed = seed
        self.sizes = sizes
        self.first_day = first_day
        self._day_zero = (first_day - EPOCH.date()).days
        base = Cohort.of(sizes.customers)
        self.cohorts = (base, Cohort.of(sizes.customers * NEW_CUSTOMERS_PERCENT // 100, base))
        self.segment, self.joined_day = self._behaviour()
        self.products = self._catalogue()
        self._prices = np.array([product.price_cents for product in self.products])
        self._new_prices = np.array([product.new_price_cents or product.price_cents for product in self.products])
        self._launched = np.array([product.launched_day for product in self.products])
        self._ended = np.array([1 if p.ended_day is None else p.ended_day for p in self.products])
        self.price_change_at = self.at(0, 6)
        # Per source and segment, who joined first comes first.
        self.buyers = {source: self._by_segment(source) for source in ("shop", "crm")}

    def at(self, day: int, hour: int = 0) -> int:
        """The instant `day` days and `hour` hours after first_day 00:00 UTC."""
        return (self._day_zero + day) * DAY + hour * HOUR

    def date(self, day: int) -> date:
        """The date of a day."""
        return self.first_day + timedelta(days=day)

    def person_of(self, source: str, number: int) -> int:
        """The person behind customer record `number` (from 0) of a source."""
        for cohort in self.cohorts:
            if source == "shop" and number < cohort.first_shop + cohort.shop:
                place = number - cohort.first_shop
                if place >= cohort.shop_persons:
                    place = (place - cohort.shop_persons) * cohort.shop_persons // cohort.shop_again
                return cohort.first_person + place
            if source == "crm" and number < cohort.first_crm + cohort.crm:
                place = number - cohort.first_crm
                if place >= cohort.crm_persons:
                    place = (place - cohort.crm_persons) * cohort.crm_persons // cohort.crm_again
                place = cohort.crm_persons - 1 - place
                shift = 0 if place < cohort.both else cohort.shop_persons - cohort.both
                return cohort.first_person + place + shift
        raise IndexError(f"source {source} has no customer record {number}; ask for a lower number")

    def number_of(self, source: str, person: int) -> int | None:
        """The person's first customer record in a source, None when unknown there; the inverse of `person_of`."""
        cohort = self.cohorts[person >= self.cohorts[1].first_person]
        place = person - cohort.first_person
        if source == "shop":
            return cohort.first_shop + place if place < cohort.shop_persons else None
        if cohort.both <= place < cohort.shop_persons:
            return None
        place -= 0 if place < cohort.both else cohort.shop_persons - cohort.both
        return cohort.first_crm + cohort.crm_persons - 1 - place

    def is_again(self, source: str, number: int) -> bool:
        """Whether the source had a record of the person before this one."""
        cohort = self.cohorts[number >= (self.cohorts[1].first_shop if source == "shop" else self.cohorts[1].first_crm)]
        if source == "shop":
            return number - cohort.first_shop >= cohort.shop_persons
        return number - cohort.first_crm >= cohort.crm_persons

    def is_in_both(self, person: int) -> bool:
        """Whether shop and crm each have a record of this person."""
        return self.number_of("shop", person) is not None and self.number_of("crm", person) is not None

    def price_at(self, product: Product, instant: int) -> int:
        """List price in cents at an instant."""
        if product.new_price_cents is not None and instant >= self.price_change_at:
            return product.new_price_cents
        return product.price_cents

    def prices_at(self, products: NDArray[np.int64], instants: NDArray[np.int64]) -> NDArray[np.int64]:
        """As `price_at`, of many products by their places in the catalogue."""
        return np.where(instants >= self.price_change_at, self._new_prices[products], self._prices[products])

    def is_sold(self, day: int) -> NDArray[np.bool_]:
        """Of each product, whether it can be bought on a day."""
        return (self._launched < day) & (day < self._ended)

    def _behaviour(self) -> tuple[array[int], array[int]]:
        rng = stream(self.seed, "behaviour")
        segments, joined = array("b"), array("h")
        earliest = {LOYAL: -1500, OCCASIONAL: -1500, DORMANT: -1500, NEW: -30}
        latest = {LOYAL: -60, OCCASIONAL: -31, DORMANT: -250, NEW: -1}
        for _ in range(self.cohorts[0].persons):
            segment = pick(rng, SEGMENTS)
            day = between(rng, earliest[segment], latest[segment])
            has_long_history = segment != NEW and chance(rng, 0.6)
            segments.append(segment)
            joined.append(min(day, -HISTORY_DAYS - 1) if has_long_history else day)
        arrivals = self.cohorts[1].persons
        return segments + array("b", [NEW] * arrivals), joined + array("h", [0] * arrivals)

    def _by_segment(self, source: str) -> list[array[int]]:
        buckets = [array("l") for _ in range(4)]
        for cohort in self.cohorts:
            for person in range(cohort.first_person, cohort.first_person + cohort.persons):
                if self.number_of(source, person) is not None:
                    buckets[self.segment[person]].append(person)
        return [array("l", sorted(bucket, key=self.joined_day.__getitem__)) for bucket in buckets]

    def _catalogue(self) -> list[Product]:
        count = self.sizes.products
        changing = set(spread(stream(self.seed, "prices"), count, count * PRICE_CHANGES_PERCENT // 100 or 1))
        arriving = count * NEW_PRODUCTS_PERCENT // 100
        return [self._product(index, index in changing) for index in range(count + arriving)]

    def _product(self, index: int, changes: bool) -> Product:
        rng = stream(self.seed, "product", index)
        category = pick(rng, tuple(CATEGORIES))
        brand = pick(rng, BRANDS)
        price = between(rng, 3, 240) * 100 - pick(rng, (1, 5, 10, 50))
        launched = between(rng, -1400, -HISTORY_DAYS - 1)
        if chance(rng, 0.15) and index:
            launched = between(rng, -HISTORY_DAYS, -10)
        touched = between(rng, launched, -8) if chance(rng, 0.3) else launched
        ended = touched if chance(rng, 0.15) and touched > launched and index and not changes else None
        if index >= self.sizes.products:
            launched, touched, ended = 0, 0, None
        new_price = price * pick(rng, (80, 90, 95, 105, 110)) // 100 if changes else None
        name = f"{brand} {pick(rng, CATEGORIES[category])} {index + 1}"
        return Product(f"P{index + 1:05d}", name, category, brand, price, launched, touched, ended, new_price)


def rfc3339(instant: int, precision: Literal["seconds", "milliseconds"]) -> str:
    """RFC 3339 text of an instant in UTC; precision as in `datetime.isoformat`."""
    minute, rest = divmod(instant, 60_000)
    fraction = _FRACTION[rest % 1000] if precision == "milliseconds" else ""
    return f"{_minute_text(minute)}{_TWO_DIGITS[rest // 1000]}{fraction}Z"


def isoformat(instants: NDArray[np.int64], unit: Literal["s", "ms"]) -> list[str]:
    """As `datetime.isoformat` in UTC to the second or millisecond, without an offset, of many instants."""
    texts: list[str] = np.datetime_as_string(instants.astype("datetime64[ms]"), unit=unit).tolist()
    return texts


_TWO_DIGITS = tuple(f"{number:02d}" for number in range(60))
_FRACTION = tuple(f".{thousandths:03d}" for thousandths in range(1000))


@lru_cache(maxsize=REMEMBERED)
def _minute_text(minute: int) -> str:
    day, rest = divmod(minute, 24 * 60)
    return f"{_date_text(day)}T{_TWO_DIGITS[rest // 60]}:{_TWO_DIGITS[rest % 60]}:"


@lru_cache(maxsize=4096)
def _date_text(day: int) -> str:
    return (EPOCH.date() + timedelta(days=day)).isoformat()
