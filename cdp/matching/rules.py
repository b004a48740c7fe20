"""What may tie person records together is a versioned file, `data_quality/identity/rules.<version>.yml`.

Version 1 ties by shared identifiers alone. A version with `comparisons` weighs all fields; it has every entry of
version 1 too, as identifiers are filtered the same way.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from cdp import resources

RULE_VERSION = "v3"
FOLDER = "data_quality/identity"
KINDS = ("exact", "swapped", "initial", "part", "new_year", "similar", "edits", "else")
# The columns of sql/lake/identity/person_feature.sql.
FIELDS = frozenset(
    [
        "first_name",
        "last_name",
        "birth_on",
        "street",
        "postal_code",
        "city",
        "email",
        "phone",
        "email_user",
        "names",
        "first_start",
        "last_start",
        "first_initial",
        "last_initial",
        "birth_year",
        "birth_day",
        "street_start",
        "house_number",
        "way",
        "place",
        "birth_turned",
        "source",
    ]
)


class MatchRulesError(Exception):
    """A version of the match rules is missing, incomplete or says what cannot be; it names the file and the entry."""


@dataclass(frozen=True)
class Level:
    """One way two values may agree; `m` and `u` are how often one human's records and two strangers' agree like this.

    `also` names a further field that must be equal.
    """

    kind: str
    fields: tuple[str, ...]
    limit: float
    also: str | None
    is_by_frequency: bool
    m: float
    u: float

    @property
    def label(self) -> str:
        """In words: exact, similar 0.92, edits 1, swapped, else."""
        return " ".join(word for word in (self.kind, f"{self.limit:g}" if self.limit else "", self.also) if word)


@dataclass(frozen=True)
class Comparison:
    """A field and its levels, from agreement to none; `void` are two fields that say nothing when they are swapped.

    Then another comparison counts the swap, and once is enough.
    """

    name: str
    levels: tuple[Level, ...]
    void: tuple[str, ...] = ()

    def agreement(self, level: Level) -> str:
        """One of the levels in words, with the field that it compares where that is not the comparison's own."""
        is_of_another = level.fields and self.name not in level.fields
        return f"{level.label} ({level.fields[0]})" if is_of_another else level.label

    @property
    def weighed_by(self) -> str | None:
        """The field whose values weigh more the rarer they are, if any."""
        return next((level.fields[0] for level in self.levels if level.is_by_frequency), None)


@dataclass(frozen=True)
class Veto:
    """Two records that both state one of `stated` are not one human when all `conflicts` disagree on the last level."""

    name: str
    stated: tuple[str, ...]
    conflicts: tuple[str, ...]


@dataclass(frozen=True)
class TwoPeople:
    """A kind of pairs that are two people but no strangers: how often they agree, top level first.

    `shared` fields agree because the two share the value, not by chance, so that a rare one says nothing against it.
    `fixed` ones are not learnt. Fields that are not named agree as those of strangers.
    """

    name: str
    per_record: float
    shared: tuple[str, ...]
    fixed: tuple[str, ...]
    shares: Mapping[str, tuple[float, ...]]


@dataclass(frozen=True)
class Mode:
    """How sure a merge must be. See the rules for what the numbers mean."""

    name: str
    average: float
    reach: float
    most_person_records: int


@dataclass(frozen=True)
class MatchRules:
    """What may tie person records and visitors together; `parameters` are what the SQL steps take.

    `blocking` holds keys of fields; without comparisons a shared identifier is all that ties.
    """

    rule_version: str
    parameters: Mapping[str, Any]
    blocking: tuple[tuple[str, ...], ...] = ()
    most_per_key: int = 0
    comparisons: tuple[Comparison, ...] = ()
    two_people: tuple[TwoPeople, ...] = ()
    vetoes: tuple[Veto, ...] = ()
    modes: Mapping[str, Mode] = field(default_factory=dict)
    deterministic: tuple[tuple[str, ...], ...] = ()

    def comparison(self, name: str) -> Comparison:
        """The comparison of a field."""
        return next(c for c in self.comparisons if c.name == name)

    def mode(self, name: str) -> Mode:
        """A mode by name. Raises MatchRulesError."""
        if name not in self.modes:
            raise MatchRulesError(f"rules {self.rule_version} have no mode {name}; modes are {', '.join(self.modes)}")
        return self.modes[name]

    @classmethod
    def load(cls, rule_version: str = RULE_VERSION) -> MatchRules:
        """The rules of `data_quality/identity/rules.<rule_version>.yml`. Raises MatchRulesError."""
        path = f"{FOLDER}/rules.{rule_version}.yml"
        try:
            return cls.parse(resources.read_text(path), path)
        except FileNotFoundError as error:
            versions = [n.removeprefix("rules.").removesuffix(".yml") for n in resources.names(FOLDER, ".yml")]
            raise MatchRulesError(f"there are no match rules {path}; versions are {', '.join(versions)}") from error

    @classmethod
    def parse(cls, text: str, path: str) -> MatchRules:
        """The rules that a file's text states. Raises MatchRulesError."""
        rules = yaml.safe_load(text)
        try:
            comparisons = tuple(_comparison(name, entry, path) for name, entry in rules.get("comparisons", {}).items())
            two_people = rules.get("two_people", {}).items()
            return cls(
                rules["rule_version"],
                _parameters(rules),
                tuple(_key(key, path) for key in rules.get("blocking", {}).get("keys", ())),
                int(rules.get("blocking", {}).get("most_person_records", 0)),
                comparisons,
                tuple(_two_people(name, entry, comparisons, path) for name, entry in two_people),
                tuple(_veto(name, entry, path) for name, entry in rules.get("vetoes", {}).items()),
                {name: Mode(name, **entry) for name, entry in rules.get("modes", {}).items()},
                tuple(_key(key, path) for key in rules.get("deterministic", ())),
            )
        except (KeyError, TypeError, AttributeError) as error:
            raise MatchRulesError(f"{path} lacks or mistypes the entry {error}") from error


def _parameters(rules: Mapping[str, Any]) -> dict[str, Any]:
    blocked, email, phone = rules["blocked"], rules["matching"]["email"], rules["matching"]["phone"]
    return {
        "rule_version": rules["rule_version"],
        "blocked_values": blocked["values"],
        "blocked_id": _any_of(blocked["patterns"]),
        "blocked_email": _any_of(blocked["patterns"] + email["blocked_patterns"]),
        "blocked_phone": _any_of(blocked["patterns"] + phone["blocked_patterns"]),
        "most_per_email": email["most_person_records"],
        "most_per_phone": phone["most_person_records"],
        "user_id_source": rules["login"]["user_id_source"],
        "login_event_types": rules["login"]["event_types"],
        "separators": rules.get("normalise", {}).get("separators"),
    }


def _comparison(name: str, entries: list[dict[str, Any]], path: str) -> Comparison:
    void = tuple(entries[0]["void"]) if "void" in entries[0] else ()
    levels = tuple(_level(entry, f"{path}: comparisons: {name}: {entry}") for entry in entries[bool(void) :])
    if name not in FIELDS or levels[-1].kind != "else" or any(level.kind == "else" for level in levels[:-1]):
        raise MatchRulesError(f"{path}: comparisons: {name}: it must be a field of {sorted(FIELDS)} and end with else")
    return Comparison(name, levels, void)


def _level(entry: dict[str, Any], place: str) -> Level:
    kinds = [kind for kind in KINDS if kind in entry]
    if len(kinds) != 1:
        raise MatchRulesError(f"{place}: name one kind of agreement out of {', '.join(KINDS)}")
    named = entry[kinds[0]]
    fields = () if kinds == ["else"] else (named,) if isinstance(named, str) else tuple(named)
    limit = float(entry.get("at_least", entry.get("at_most", 0)))
    m, u = float(entry["m"]), float(entry["u"])
    also = entry.get("also")
    if not FIELDS.issuperset((*fields, *([also] if also else []))):
        raise MatchRulesError(f"{place}: fields are {sorted(FIELDS)}")
    if kinds[0] in ("similar", "edits") and not limit:
        raise MatchRulesError(f"{place}: say at_least (similar, 0 to 1) or at_most (edits)")
    if not (0 < m < 1 and 0 < u < 1):
        raise MatchRulesError(f"{place}: m and u lie between 0 and 1")
    return Level(kinds[0], fields, limit, also, bool(entry.get("frequency")), m, u)


def _two_people(name: str, entry: dict[str, Any], comparisons: tuple[Comparison, ...], path: str) -> TwoPeople:
    count = {comparison.name: len(comparison.levels) for comparison in comparisons}
    shares = {field: tuple(map(float, stated)) for field, stated in entry["shares"].items()}
    named = {**shares, **dict.fromkeys((*entry["shared"], *entry["fixed"]))}
    if wrong := [f for f in named if f not in count or len(shares.get(f, ())) != count[f] or min(shares[f]) <= 0]:
        raise MatchRulesError(f"{path}: two_people: {name}: {wrong}: state a share above 0 for each of its levels")
    return TwoPeople(name, float(entry["per_record"]), tuple(entry["shared"]), tuple(entry["fixed"]), shares)


def _veto(name: str, entry: dict[str, Any], path: str) -> Veto:
    if unknown := {*entry["stated"], *entry["conflicts"]} - FIELDS:
        raise MatchRulesError(f"{path}: vetoes: {name}: {sorted(unknown)} are none of {sorted(FIELDS)}")
    return Veto(name, tuple(entry["stated"]), tuple(entry["conflicts"]))


def _key(fields: list[str], path: str) -> tuple[str, ...]:
    if unknown := set(fields) - FIELDS:
        raise MatchRulesError(f"{path}: blocking: {fields}: {sorted(unknown)} are none of {sorted(FIELDS)}")
    return tuple(fields)


def _any_of(patterns: list[str]) -> str:
    return "|".join(f"(?:{pattern})" for pattern in patterns)
