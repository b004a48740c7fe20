"""What a customer record says instead of the truth: typos, nicknames, old names and numbers, role addresses.

A row here is a whole variation: its name, how many records in a thousand have it, and what it does. What a record
has is in the answer key, so that a matcher can be told which kinds it misses.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from sample_data.draw import Draws, between, chance, pick
from sample_data.people import Person, address, email, surname, written_phone
from sample_data.samples import Record

Vary = Callable[[Draws, Record, Person], None]
ROLES = ("info", "office", "kontakt", "sales", "contact")
COMPANIES = ("bakery-north", "law-east", "garage-hill", "clinic-west", "studio-nine", "farm-lake", "cafe-old-town")
KEYS_NEARBY = {"a": "s", "e": "r", "i": "o", "n": "m", "r": "t", "s": "d", "t": "r", "l": "k", "m": "n", "o": "p"}
# fmt: off
NICKNAMES = {
    "Katharina": ("Kathi", "Kate"), "Sebastian": ("Basti",), "Johannes": ("Hannes", "Jo"), "Maximilian": ("Max",),
    "Matthias": ("Matze",), "Theresa": ("Resi",), "Elisabeth": ("Lisa", "Sissi"), "Elizabeth": ("Liz", "Beth"),
    "Robert": ("Bob", "Rob"), "William": ("Bill", "Will"), "James": ("Jim",), "Michael": ("Mike", "Michi"),
    "Christopher": ("Chris",), "Christoph": ("Chris",), "Daniel": ("Dan",), "Thomas": ("Tom",), "Benjamin": ("Ben",),
    "Katherine": ("Kate", "Kathy"), "Jennifer": ("Jen",), "Jessica": ("Jess",), "Samantha": ("Sam",),
    "Matthew": ("Matt",), "Alexander": ("Alex",), "Andreas": ("Andi",), "Magdalena": ("Magda", "Leni"),
    "Ursula": ("Uschi",), "Guillaume": ("Guy",), "Sébastien": ("Seb",), "Zofia": ("Zosia",), "Agnieszka": ("Aga",),
    "Małgorzata": ("Gosia",), "Katarzyna": ("Kasia",), "Aleksandra": ("Ola",), "Krzysztof": ("Krzysiek",),
    "Tomasz": ("Tomek",), "Joanna": ("Asia",), "Margareta": ("Greta",), "Willem": ("Wim",), "Hendrik": ("Henk",),
    "Pieter": ("Piet",), "Oliver": ("Ollie",), "Amelia": ("Millie",), "Charlotte": ("Lottie",), "Florian": ("Flo",),
    "Lukas": ("Luki",), "Veronika": ("Vroni",), "Barbara": ("Babsi",), "Isabella": ("Bella",), "Jürgen": ("Jogi",),
}
# fmt: on
SHORT_STREETS = (
    ("straße", "str."),
    ("strasse", "str."),
    ("Straße", "Str."),
    (" Street", " St"),
    (" Road", " Rd"),
    ("avenue ", "av. "),
    ("boulevard ", "bd "),
    ("straat", "str."),
    ("gatan", "g."),
    (" Avenue", " Ave"),
)


class Variation(NamedTuple):
    """`per_mille` of records have it; those of people whom the source or another one knows `again` as often."""

    name: str
    per_mille: int
    per_mille_again: int
    vary: Vary


def typo(rng: Draws, text: str) -> str:
    """The text with two letters swapped, one left out, doubled, or the key beside it."""
    places = [place for place in range(len(text) - 1) if text[place].isalpha() and text[place + 1].isalpha()]
    if not places:
        return text
    place = pick(rng, places)
    here, there = text[place], text[place + 1]
    if here == there or chance(rng, 0.3):
        return text[:place] + text[place + 1 :]
    if chance(rng, 0.4):
        return text[:place] + there + here + text[place + 2 :]
    return text[:place] + (KEYS_NEARBY.get(here) or here + here) + text[place + 1 :]


def _typo_in(field: str) -> Vary:
    def vary(rng: Draws, row: Record, who: Person) -> None:
        row[field] = typo(rng, row[field])

    return vary


def _email_typo(rng: Draws, row: Record, who: Person) -> None:
    local, _, domain = row["email"].partition("@")
    row["email"] = f"{typo(rng, local)}@{domain}"


def _other_email(rng: Draws, row: Record, who: Person) -> None:
    row["email"] = email(rng, who.first_name[:1], who.last_name, who.number)


def _role_address(rng: Draws, row: Record, who: Person) -> None:
    row["email"] = f"{pick(rng, ROLES)}@{pick(rng, COMPANIES)}-{between(rng, 1, 40)}.example.com"


def _other_phone(rng: Draws, row: Record, who: Person) -> None:
    prefix, digits = pick(rng, who.country.mobile)
    row["phone"] = written_phone(rng, who.country, f"{prefix}{int(rng.random() * 10**digits):0{digits}d}")


def _phone_typo(rng: Draws, row: Record, who: Person) -> None:
    last = row["phone"][-1]
    row["phone"] = row["phone"][:-1] + str((int(last) + between(rng, 1, 9)) % 10)


def _nickname(rng: Draws, row: Record, who: Person) -> None:
    row["first_name"] = pick(rng, NICKNAMES.get(who.first_name, (who.first_name,)))


def _initial(rng: Draws, row: Record, who: Person) -> None:
    row["first_name"] = f"{who.first_name[0]}."


def _changed_surname(rng: Draws, row: Record, who: Person) -> None:
    row["last_name"] = surname(rng, who.country)


def _double_surname(rng: Draws, row: Record, who: Person) -> None:
    row["last_name"] = f"{who.last_name}-{surname(rng, who.country)}"


def _names_swapped(rng: Draws, row: Record, who: Person) -> None:
    row["first_name"], row["last_name"] = row["last_name"], row["first_name"]


def _day_and_month_swapped(rng: Draws, row: Record, who: Person) -> None:
    year, month, day = row["birth_on"].split("-")
    if day <= "12":
        row["birth_on"] = f"{year}-{day}-{month}"


def _other_birth_year(rng: Draws, row: Record, who: Person) -> None:
    row["birth_on"] = f"{int(row['birth_on'][:4]) + pick(rng, (-10, -1, 1, 10))}{row['birth_on'][4:]}"


def _new_year_birth(rng: Draws, row: Record, who: Person) -> None:
    row["birth_on"] = f"{row['birth_on'][:4]}-01-01"


def _moved(rng: Draws, row: Record, who: Person) -> None:
    home = address(rng, who.country)
    row.update(street=home.street, postal_code=home.postal_code, city=home.city)


def _short_street(rng: Draws, row: Record, who: Person) -> None:
    for long, short in SHORT_STREETS:
        row["street"] = row["street"].replace(long, short)


VARIATIONS = (
    Variation("e-mail typo", 8, 45, _email_typo),
    Variation("other e-mail", 0, 330, _other_email),
    Variation("role address", 4, 10, _role_address),
    Variation("other phone", 0, 240, _other_phone),
    Variation("phone typo", 5, 30, _phone_typo),
    Variation("nickname", 40, 130, _nickname),
    Variation("initial only", 4, 40, _initial),
    Variation("first name typo", 6, 55, _typo_in("first_name")),
    Variation("changed surname", 0, 50, _changed_surname),
    Variation("double surname", 3, 20, _double_surname),
    Variation("last name typo", 6, 55, _typo_in("last_name")),
    Variation("names swapped", 1, 8, _names_swapped),
    Variation("day and month swapped", 3, 20, _day_and_month_swapped),
    Variation("other birth year", 3, 25, _other_birth_year),
    Variation("born on New Year", 4, 25, _new_year_birth),
    Variation("moved", 0, 260, _moved),
    Variation("short street", 30, 150, _short_street),
)
SHARES = (
    [(variation.per_mille / 1000, variation) for variation in VARIATIONS],
    [(variation.per_mille_again / 1000, variation) for variation in VARIATIONS],
)


def vary(rng: Draws, row: Record, who: Person, is_known_elsewhere: bool) -> str:
    """Change the row as chance has it; the names of what was done, divided by `, `."""
    done = []
    random = rng.random
    for share, variation in SHARES[is_known_elsewhere]:
        if random() < share:
            before = dict(row)
            variation.vary(rng, row, who)
            if row != before:
                done.append(variation.name)
    return ", ".join(done)
