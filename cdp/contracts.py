"""A record contract (JSON Schema 2020-12) decides which records go on, and says why the others do not.

jsonschema-rs decides, because it is fast. The reference implementation explains what it rejects; where the
reference sees no fault, jsonschema-rs's own finding is the reason, so that a rejection never turns into silence.
A reason names the place, the rule and what was expected, never the value: values are personal data.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import jsonschema_rs

from cdp import resources

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError
    from jsonschema.protocols import Validator

FOLDER = "data_quality/records"
UNKNOWN = "unknown"
MAX_REASONS = 20

# Addresses that can receive mail: no "Jane <jane@example.com>", no host without a dot, no bare IP address.
EMAIL = jsonschema_rs.EmailOptions(require_tld=True, allow_domain_literal=False, allow_display_text=False)

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_QUOTED = r"\"(\\[\t -~]|[\t !#-\[\]-~])*\""
_LOCAL = rf"(?=.{{1,64}}@)({_ATOM}(\.{_ATOM})*|{_QUOTED})"
_EMAIL = re.compile(rf"{_LOCAL}@(?=.{{1,254}}\Z){_LABEL}(\.{_LABEL})+")
_UUID = re.compile(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME = re.compile(rf"({_DATE.pattern})T([0-9:]{{8}})(\.[0-9]+)?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])", re.IGNORECASE)

_EXPECTED = {
    "type": "expected {}",
    "enum": "expected {}",
    "const": "expected {}",
    "minimum": "expected at least {}",
    "maximum": "expected at most {}",
    "minLength": "expected at least {} characters",
    "maxLength": "expected at most {} characters",
}

_INTEGER = re.compile(r"-?[0-9]{1,18}")
_NUMBER = re.compile(r"-?[0-9]{1,18}(\.[0-9]{1,18})?")
_BOOLEANS = {"true": True, "false": False, "1": True, "0": False}


class UnknownContractError(Exception):
    """A record names a contract that `data_quality/records` does not hold."""


class Reason(NamedTuple):
    """Why a record cannot go on: JSON pointer into its payload, the rule it broke and what was expected."""

    pointer: str
    rule: str
    message: str


class Contract:
    """What one received record of a dataset looks like, in one published version."""

    def __init__(self, name: str, schema: dict[str, Any]) -> None:
        self.name = name
        self.dataset, self.version = name.split(".")
        self.schema = schema
        self._fast = jsonschema_rs.Draft202012Validator(schema, validate_formats=True, email_options=EMAIL)
        self._references: dict[frozenset[str], Validator] = {}

    def is_valid(self, value: Any) -> bool:
        """Whether a JSON value keeps the contract."""
        return self._fast.is_valid(value)

    def validate(self, value: Any) -> list[Reason]:
        """Every reason why a JSON value breaks the contract, at most 20; empty when it keeps it."""
        if self._fast.is_valid(value):
            return []
        reasons: dict[tuple[str, str], Reason] = {}
        for reason in self._explained(value):
            # Format and pattern of a time say the same: one reason.
            reasons.setdefault((reason.pointer, reason.message), reason)
        return [*(reasons.values() or self._found(value))][:MAX_REASONS]

    @cached_property
    def fields(self) -> frozenset[str]:
        """Names the contract describes at the top of a record; others are allowed and counted."""
        return frozenset(self.schema["properties"])

    def typed(self, row: Mapping[str, str]) -> dict[str, Any]:
        """A row of text as the contract types it; empty text is absent, text of another type stays text."""
        values: dict[str, Any] = {
            name: text for name, said in row.items() if said is not None and (text := str(said).strip())
        }
        for name, kind in self._types_but_text:
            if name in values:
                values[name] = _typed(values[name], kind)
        return values

    def with_integers(self, value: dict[str, Any]) -> dict[str, Any]:
        """The record with 2.0 read as 2 wherever the contract says integer; JSON Schema takes both for an integer."""
        for way, names in self._integers.items():
            node: Any = value
            for step in way:
                node = node.get(step) if isinstance(node, dict) else None
            if isinstance(node, dict):
                for name in names:
                    if type(node.get(name)) is float:
                        node[name] = int(node[name])
        return value

    def reference(self, fields: frozenset[str]) -> Validator:
        """The reference implementation, looking into these fields only; a hundred times slower per field."""
        if fields not in self._references:
            from jsonschema import Draft202012Validator  # not needed while every record keeps its contract

            schema = _without_refs(self.schema, self.schema)
            properties = {name: entry for name, entry in schema["properties"].items() if name in fields}
            self._references[fields] = Draft202012Validator(
                {**schema, "properties": properties}, format_checker=_format_checker()
            )
        return self._references[fields]

    @cached_property
    def integers(self) -> frozenset[str]:
        """JSON pointers to what must be a whole number or nothing in a record that keeps the contract."""
        return frozenset("/" + "/".join((*way, name)) for way, names in self._integers.items() for name in names)

    @cached_property
    def _types_but_text(self) -> tuple[tuple[str, str], ...]:
        types = ((name, _type_of(entry, self.schema)) for name, entry in self.schema["properties"].items())
        return tuple((name, type) for name, type in types if type != "string")

    @cached_property
    def _integers(self) -> dict[tuple[str, ...], frozenset[str]]:
        """Names of integers, by the way to the object that has them."""
        found: dict[tuple[str, ...], frozenset[str]] = {}
        for *way, name in _paths("integer", self.schema, self.schema):
            found[tuple(way)] = found.get(tuple(way), frozenset()) | {name}
        return found

    def _explained(self, value: Any) -> Iterator[Reason]:
        faulty = frozenset(
            str(error.instance_path[0]) for error in self._fast.iter_errors(value) if error.instance_path
        )
        errors = self.reference(faulty & self.fields).iter_errors(value)
        for error in sorted(errors, key=lambda e: [str(step) for step in e.absolute_path]):
            yield from _reasons(error)

    def _found(self, value: Any) -> Iterator[Reason]:
        for error in self._fast.iter_errors(value):
            yield Reason(_pointer(error.instance_path), error.kind.name, "off contract")


@cache
def contract_names() -> frozenset[str]:
    """Every published contract, `<dataset>.v<version>`."""
    return frozenset(file.removesuffix(".json") for file in resources.names(FOLDER, ".json"))


@cache
def versions(dataset: str) -> tuple[str, ...]:
    """The published contracts of a dataset, oldest first."""
    names = (name for name in contract_names() if name.split(".v")[0] == dataset)
    return tuple(sorted(names, key=lambda name: int(name.split(".v")[1])))


@cache
def is_newest(name: str) -> bool:
    """Whether no later version of the contract is published."""
    return versions(name.split(".v")[0])[-1] == name


@cache
def contract(name: str) -> Contract:
    """The contract `<dataset>.v<version>`; raises UnknownContractError when it is not published."""
    # Names come with records: only a published one may become a path. What raises is not cached.
    if name not in contract_names():
        raise UnknownContractError(f"no such contract; published are {', '.join(sorted(contract_names()))}")
    return Contract(name, json.loads(resources.read_text(f"{FOLDER}/{name}.json")))


def dataset_of(name: str) -> str:
    """Dataset of a contract, `unknown` when the contract is not published."""
    try:
        return contract(name).dataset
    except UnknownContractError:
        return UNKNOWN


def _reasons(error: ValidationError) -> Iterator[Reason]:
    path, rule = list(error.absolute_path), str(error.validator)
    expected: Any = error.validator_value
    instance: Any = error.instance
    if rule == "required":
        yield from (Reason(_pointer([*path, n]), rule, "is required") for n in expected if n not in instance)
    elif rule in _EXPECTED:
        words = expected if isinstance(expected, list) else [expected]
        said = " or ".join(str(word) for word in words if word is not None)
        yield Reason(_pointer(path), rule, _EXPECTED[rule].format(said))
    else:
        schema = error.schema if isinstance(error.schema, Mapping) else {}
        yield Reason(_pointer(path), rule, f"expected {schema.get('description', rule)}")


def _pointer(path: Iterable[str | int]) -> str:
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in path)


def _without_refs(node: Any, schema: Mapping[str, Any]) -> Any:
    """The schema with every `$ref` replaced by its definition; resolving them takes the reference most of its time."""
    if isinstance(node, list):
        return [_without_refs(item, schema) for item in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        return schema["$defs"][node["$ref"].removeprefix("#/$defs/")]
    return {key: _without_refs(value, schema) for key, value in node.items() if key != "$defs"}


def _type_of(entry: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    if "$ref" in entry:
        entry = schema["$defs"][entry["$ref"].removeprefix("#/$defs/")]
    kinds = entry.get("type", "string")
    return next(kind for kind in ([kinds] if isinstance(kinds, str) else kinds) if kind != "null")


def _paths(kind: str, entry: Mapping[str, Any], schema: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    for name, member in entry.get("properties", {}).items():
        if _type_of(member, schema) == kind:
            yield (name,)
        yield from ((name, *path) for path in _paths(kind, member, schema))


def _typed(text: str, kind: str) -> Any:
    if kind == "integer" and _INTEGER.fullmatch(text):
        return int(text)
    if kind == "number" and _NUMBER.fullmatch(text):
        return float(text)
    return _BOOLEANS.get(text.lower(), text) if kind == "boolean" else text


@cache
def _format_checker() -> Any:
    from jsonschema import FormatChecker

    checker = FormatChecker(formats=())
    checker.checks("email")(lambda v: not isinstance(v, str) or bool(_EMAIL.fullmatch(v)))
    checker.checks("uuid")(lambda v: not isinstance(v, str) or bool(_UUID.fullmatch(v)))
    checker.checks("date", ValueError)(lambda v: not isinstance(v, str) or _is_date(v))
    checker.checks("date-time", ValueError)(lambda v: not isinstance(v, str) or _is_time(v))
    return checker


def _is_date(text: str) -> bool:
    return bool(_DATE.fullmatch(text) and date.fromisoformat(text))


def _is_time(text: str) -> bool:
    match = _TIME.fullmatch(text)
    return bool(match and _is_date(match[1]) and datetime.strptime(match[2], "%H:%M:%S"))
