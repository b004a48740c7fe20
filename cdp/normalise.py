"""One spelling per fact: the same e-mail, phone, postal code, country, name or address comes out equal.

Every function takes text as a person or system wrote it (or None) and returns the normal form, or None when
the text says nothing usable: a value that cannot be used must not tie two people together. What was written
stays in raw. Nothing is guessed (no letter case of names, no lost zeros, no dots or tags of mail addresses),
and every normal form is its own normal form.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

import phonenumbers

# Bounded, because a run may see millions of them; records of one person lie close together.
REMEMBERED = 65_536

_ISO_3166 = """
    AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT
    BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH
    ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT
    HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS
    LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI
    NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG
    SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG
    UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW
"""
COUNTRIES = frozenset(_ISO_3166.split())
# Codes that ISO 3166 reserves for, and the European Union uses for, these two countries.
COUNTRY_ALIASES = {"UK": "GB", "EL": "GR"}


class PostalForm(NamedTuple):
    """A country's postal code: `pattern` of the code without spaces and hyphens, `form` with its groups."""

    pattern: str
    form: str = r"\1"


FOUR, FIVE, SIX = PostalForm(r"(\d{4})"), PostalForm(r"(\d{5})"), PostalForm(r"(\d{6})")
THREE_TWO, TWO_THREE = PostalForm(r"(\d{3})(\d{2})", r"\1 \2"), PostalForm(r"(\d{2})(\d{3})", r"\1-\2")

POSTAL_FORMS: dict[str, PostalForm] = {
    **dict.fromkeys(("AT", "AU", "BE", "BG", "CH", "CY", "DK", "HU", "LI", "LU", "NO", "NZ", "SI", "ZA"), FOUR),
    **dict.fromkeys(("DE", "EE", "ES", "FI", "FR", "HR", "IT", "MC", "MX", "MY", "RS", "TH", "TR", "UA"), FIVE),
    **dict.fromkeys(("CN", "IN", "RO", "RU", "SG"), SIX),
    **dict.fromkeys(("CZ", "GR", "SE", "SK"), THREE_TWO),
    "PL": TWO_THREE,
    "BR": PostalForm(r"(\d{5})(\d{3})", r"\1-\2"),
    "CA": PostalForm(r"([ABCEGHJ-NPRSTVXY]\d[ABCEGHJ-NPRSTV-Z])(\d[ABCEGHJ-NPRSTV-Z]\d)", r"\1 \2"),
    "GB": PostalForm(r"([A-Z]{1,2}\d[A-Z\d]?)(\d[A-Z]{2})", r"\1 \2"),
    "IE": PostalForm(r"([A-Z]\d[\dW])([A-Z\d]{4})", r"\1 \2"),
    "JP": PostalForm(r"(\d{3})(\d{4})", r"\1-\2"),
    "LT": PostalForm(r"(\d{5})", r"LT-\1"),
    "LV": PostalForm(r"(\d{4})", r"LV-\1"),
    "NL": PostalForm(r"([1-9]\d{3})([A-Z]{2})", r"\1 \2"),
    "PT": PostalForm(r"(\d{4})(\d{3})", r"\1-\2"),
    "US": PostalForm(r"(\d{5})(\d{4})?", r"\1-\2"),
}
# Written in front of the code on letters from abroad: D-10115, CH-8001, LV-1010.
POSTAL_PREFIXES = {
    "AT": "A",
    "BE": "B",
    "DE": "D",
    "ES": "E",
    "FI": "FIN",
    "FR": "F",
    "IT": "I",
    "LU": "L",
    "SE": "S",
}

_ATOM = r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_EMAIL = re.compile(rf"(?=.{{1,64}}@.{{1,253}}\Z){_ATOM}(\.{_ATOM})*@({_LABEL}\.)+[a-z][a-z0-9-]{{0,61}}[a-z0-9]")


def text(value: str | None) -> str | None:
    """Text for people: composed (Unicode NFC), without control and invisible characters, single spaces.

    None when nothing is left.
    """
    if value is None:
        return None
    if not value.isascii():
        value = unicodedata.normalize("NFC", value)
    if not value.isprintable():
        # Line breaks, tabs and odd spaces separate words; what else cannot be printed means nothing.
        value = "".join(c if c.isprintable() else " " if c.isspace() else "" for c in value)
    return " ".join(value.split()) or None


def category(value: str | None) -> str | None:
    """A category in lower case, here and not in SQL: engines disagree on letters such as İ."""
    named = text(value)
    return named.lower() if named else None


def person_name(value: str | None) -> str | None:
    """A given or family name as `text`; case and accents stay: no rule for them holds in every language."""
    return text(value)


def street(value: str | None) -> str | None:
    """Street and house number as `text`; no abbreviation is written out, as that differs by country."""
    return text(value)


def city(value: str | None) -> str | None:
    """A town's name as `text`."""
    return text(value)


def email(value: str | None) -> str | None:
    """A mail address in lower case; None unless it is one address that can get mail.

    Dots and +tags stay: only some providers ignore them. Quoted local parts, IP addresses and what is not
    ASCII are not usable; full-width letters and signs are the plain ones.
    """
    cleaned = text(value)
    if cleaned is None:
        return None
    cleaned = cleaned if cleaned.isascii() else unicodedata.normalize("NFKC", cleaned)
    address = cleaned.lower().removeprefix("mailto:").removesuffix(".")
    return address if _EMAIL.fullmatch(address) else None


@lru_cache(maxsize=REMEMBERED)
def phone(value: str | None, country_code: str | None = None) -> str | None:
    """A phone number in E.164 (+4915112345678); None unless its country's numbering plan has such numbers.

    A number without a country code is read with `country_code` (ISO 3166 alpha-2), else it is not usable. An
    extension is left off, as E.164 has none.
    """
    cleaned = text(value)
    if cleaned is None:
        return None
    if country_code is None and cleaned.startswith("00"):
        cleaned = f"+{cleaned[2:]}"
    try:
        number = phonenumbers.parse(cleaned, country_code)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def country(value: str | None) -> str | None:
    """An ISO 3166 alpha-2 code in upper case (UK is GB, EL is GR); None for anything else."""
    if value is None:
        return None
    code = value.strip().upper()
    code = COUNTRY_ALIASES.get(code, code)
    return code if code in COUNTRIES else None


@lru_cache(maxsize=REMEMBERED)
def postal_code(value: str | None, country_code: str | None = None) -> str | None:
    """A postal code in its country's own form (SW1A 1AA, 1012 AB, 00-950); None when it has another form.

    Without a country, or for one that `POSTAL_FORMS` lacks, the code is trimmed and in upper case.
    """
    # Composed first, for its parts may be spaces; and again, for capitals may come in parts.
    cleaned = text(value and unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", value).upper()))
    if cleaned is None:
        return None
    form = POSTAL_FORMS.get(country_code or "")
    if form is None or country_code is None:
        return cleaned
    compact = re.sub(r"[\s.\-‐-―]", "", cleaned)
    for prefix in ("", country_code, POSTAL_PREFIXES.get(country_code, "")):
        match = re.fullmatch(form.pattern, compact.removeprefix(prefix), re.ASCII)
        if match:
            return match.expand(form.form).rstrip("-")
    return None
