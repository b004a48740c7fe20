"""A person is a pure function of seed and number; households share an address and now and then a phone."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from sample_data.countries import COUNTRIES, Country, plain
from sample_data.draw import REMEMBERED, Draws, between, chance, once, pick, stream, weighted

COUNTRY = weighted({country: country.share for country in COUNTRIES})
MAIL_DOMAINS = ("mail.example.com", "post.example.net", "inbox.example.org")
NOT_IN_AN_ADDRESS = str.maketrans("", "", " '")
# Of every four people the first heads a household; the others live there with these chances.
HOUSEHOLD, LIVES_WITH_HEAD = 4, (0.0, 0.3, 0.12, 0.08)
SHARES_PHONE = 0.2
POSTAL_LETTERS = "ABDEFGHJLNPQRSTUWXYZ"


@dataclass(frozen=True, slots=True)
class Address:
    """Where somebody lives, written as the country does."""

    street: str
    postal_code: str
    city: str


@dataclass(frozen=True, slots=True)
class Person:
    """`phone` is the national number without trunk prefix, `email` is in its normal form."""

    number: int
    country: Country
    first_name: str
    last_name: str
    birth_on: str
    address: Address
    email: str
    phone: str


@lru_cache(maxsize=REMEMBERED)
def head_of_household(seed: int, who: int) -> int:
    """The person whose address this person shares; their own number when they live alone or are that person."""
    place = who % HOUSEHOLD
    lives_with = place and once(seed, "household", who) < LIVES_WITH_HEAD[place]
    return who - place if lives_with else who


@lru_cache(maxsize=REMEMBERED)
def person(seed: int, number: int) -> Person:
    """The person with this number, the same whenever asked."""
    rng = stream(seed, "person", number)
    head_number = head_of_household(seed, number)
    head = person(seed, head_number) if head_number != number else None
    country = head.country if head else pick(rng, COUNTRY)
    first_name = pick(rng, country.first_names)
    last_name = head.last_name if head and chance(rng, 0.85) else surname(rng, country)
    birth_on = f"{between(rng, 1942, 2007)}-{between(rng, 1, 12):02d}-{between(rng, 1, 28):02d}"
    prefix, digits = pick(rng, country.mobile)
    # An odd factor that 5 does not divide maps numbers to phones one to one, so strangers never share one.
    phone = f"{prefix}{(number * 7_919 + 1_234_567 + seed) % 10**digits:0{digits}d}"
    if head and chance(rng, SHARES_PHONE):
        phone = head.phone
    lives_at = head.address if head else address(rng, country)
    mailbox = email(rng, first_name, last_name, number)
    return Person(number, country, first_name, last_name, birth_on, lives_at, mailbox, phone)


def surname(rng: Draws, country: Country) -> str:
    """A family name of the country: six of ten people have a common one."""
    return pick(rng, country.common_last_names if chance(rng, 0.6) else country.rarer_last_names)


def address(rng: Draws, country: Country) -> Address:
    """A street, postal code and town of the country."""
    city, code = pick(rng, country.towns)
    replaced = (
        str(between(rng, 0, 9)) if mark == "#" else pick(rng, POSTAL_LETTERS) if mark == "@" else mark for mark in code
    )
    street = country.street.format(street=pick(rng, country.streets), number=between(rng, 1, 190))
    return Address(street, "".join(replaced), city)


def email(rng: Draws, first_name: str, last_name: str, number: int) -> str:
    """An address nobody else has: it carries the person's number."""
    name = plain(f"{first_name}.{last_name}").translate(NOT_IN_AN_ADDRESS)
    return f"{name}{number}@{pick(rng, MAIL_DOMAINS)}".lower()


def written_phone(rng: Draws, country: Country, phone: str) -> str:
    """The same number as people write it: international or national, spaced or not."""
    middle = len(phone) - 6
    spaced = f"{phone[:middle]} {phone[middle : middle + 3]} {phone[middle + 3 :]}"
    return pick(
        rng,
        (
            f"+{country.dial}{phone}",
            f"+{country.dial} {spaced}",
            f"{country.trunk}{spaced}",
            f"{country.trunk}{phone}",
            f"{country.trunk}{phone[:middle]}-{phone[middle:]}",
        ),
    )
