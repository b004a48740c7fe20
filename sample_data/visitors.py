"""Who comes to the shop site and with what: people with one to three devices, anonymous visitors."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from sample_data.countries import Country
from sample_data.customers import customer_id
from sample_data.draw import REMEMBERED, Draws, chance, once, pick, stream, weighted
from sample_data.orders import pick_buyer
from sample_data.people import COUNTRY, head_of_household, person
from sample_data.samples import Record
from sample_data.world import World

EVENTS_PER_ANONYMOUS_VISITOR = 14
KNOWN_SHARE = 0.45
USER_AGENTS: dict[str, tuple[str, ...]] = {
    "desktop": (
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/143.0.0.0 Safari/537.36",
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 14_7) AppleWebKit/605.1.15 Version/26.1 Safari/605.1.15",
        "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
    ),
    "mobile": (
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148",
        "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 Chrome/143.0.0.0 Mobile Safari/537.36",
    ),
    "tablet": ("Mozilla/5.0 (iPad; CPU OS 18_6 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148",),
}
APP_AGENT = "ShopApp/5.12 (mobile)"
DEVICE_TYPES = weighted({"mobile": 58, "desktop": 35, "tablet": 7})
CAMPAIGNS: tuple[tuple[str, Record | None], ...] = (
    ("", None),
    ("", None),
    ("https://www.google.com/", None),
    ("https://www.bing.com/", None),
    ("https://www.google.com/", {"name": "brand_search", "source": "google", "medium": "cpc"}),
    ("https://www.instagram.com/", {"name": "spring_sale", "source": "instagram", "medium": "social"}),
    ("https://mail.example.com/", {"name": "newsletter_week", "source": "newsletter", "medium": "email"}),
    ("https://deals.example.org/", {"name": "winter_clearance", "source": "deals", "medium": "affiliate"}),
)


class Device(NamedTuple):
    """A browser or app as the site sees it."""

    anonymous_id: str
    device_type: str
    user_agent: str


class Visitor(NamedTuple):
    """`person` is None for somebody the shop never learns the name of."""

    person: int | None
    country: Country
    device: Device


@lru_cache(maxsize=REMEMBERED)
def device(world: World, owner: object, number: int, device_type: str = "") -> Device:
    """An owner's device with this number, the same whenever asked; of a given type or a drawn one."""
    rng = stream(world.seed, "device", owner, number, device_type)
    kind = device_type or pick(rng, DEVICE_TYPES)
    return Device(rng.uuid(), kind, pick(rng, USER_AGENTS[kind]))


def device_of(world: World, rng: Draws, owner: int, uses_app: bool) -> Device:
    """One of the person's devices; who lives in a household now and then takes the shared one."""
    if uses_app:
        return device(world, owner, 0, "mobile")._replace(user_agent=APP_AGENT)
    head = head_of_household(world.seed, owner)
    if head != owner and chance(rng, 0.6):
        return device(world, head, 0)
    return device(world, owner, int(rng.random() * rng.random() * _devices(world.seed, owner)))


@lru_cache(maxsize=REMEMBERED)
def _devices(seed: int, owner: int) -> int:
    """How many the person has."""
    return 1 + int(once(seed, "devices", owner) * 3)


def known_visitor(world: World, rng: Draws, who: int, uses_app: bool = False) -> Visitor:
    """A person with one of their devices."""
    return Visitor(who, person(world.seed, who).country, device_of(world, rng, who, uses_app))


def anonymous_visitor(world: World, rng: Draws) -> Visitor:
    """Somebody of whom only the device is ever seen."""
    return _stranger(world, int(rng.random() * max(1, world.sizes.events // EVENTS_PER_ANONYMOUS_VISITOR)))


@lru_cache(maxsize=REMEMBERED)
def _stranger(world: World, place: int) -> Visitor:
    country = COUNTRY[int(once(world.seed, "visitor", place) * len(COUNTRY))]
    return Visitor(None, country, device(world, f"visitor-{place}", 0))


def visitor(world: World, rng: Draws, day: int) -> Visitor:
    """Somebody who looks around on that day."""
    who = pick_buyer(world, rng, "shop", day - 1) if chance(rng, KNOWN_SHARE) else None
    return anonymous_visitor(world, rng) if who is None else known_visitor(world, rng, who, chance(rng, 0.25))


def user_id(world: World, who: int) -> str:
    """The person's customer id in source shop, which is what a login states."""
    number = world.number_of("shop", who)
    if number is None:
        raise LookupError(f"person {who} has no account in the shop; take a visitor from buyers['shop']")
    return customer_id("shop", number)
