"""A fix turns a quarantined payload into one that keeps its contract, and the same payload into the same bytes.

A rule is data, written by a steward:

    {"name": "euro-sign", "rename": {"/cust_id": "/customer_id"}, "map": {"/currency": {"€": "EUR"}},
     "contract": "transaction.v1", "encoding": "cp1252"}

Each part may be absent; one without any gives the record to today's contract and code. `encoding` reads bytes that
are no UTF-8. A fix by hand names the record and holds its payload: {"record_id": …, "payload": …}.
"""

from __future__ import annotations

import hashlib
from base64 import b64decode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from cdp.contracts import UnknownContractError, contract
from cdp.records import READABLE

_PARTS = {"name", "rename", "map", "contract", "encoding"}


class FixError(Exception):
    """A fix is not one; the message says what is wrong with it."""


@dataclass(frozen=True)
class Fix:
    """How payloads are repaired. `edited` are whole payloads by record id, written by hand."""

    name: str
    rename: Mapping[str, str] = field(default_factory=dict)
    map: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    contract: str = ""
    encoding: str = ""
    edited: Mapping[str, bytes] = field(default_factory=dict)

    @classmethod
    def of(cls, rule: object, edited_lines: Iterable[bytes] = ()) -> Fix:
        """Check a rule and the lines of a file edited by hand. Raises FixError."""
        if not isinstance(rule, Mapping) or not rule.get("name") or rule.keys() - _PARTS:
            raise FixError(f"a fix is an object with a name and any of {sorted(_PARTS - {'name'})}")
        for part in ("rename", "map"):
            found = rule.get(part, {})
            if not isinstance(found, Mapping) or not all(p.startswith("/") for p in found):
                raise FixError(
                    f"fix {rule['name']}: {part} is an object whose keys are JSON pointers, like /customer_id"
                )
        if not all(isinstance(p, str) and p.startswith("/") for p in rule.get("rename", {}).values()):
            raise FixError(f"fix {rule['name']}: rename leads to JSON pointers, like /customer_id")
        if not all(isinstance(values, Mapping) for values in rule.get("map", {}).values()):
            raise FixError(f"fix {rule['name']}: map gives an object of value to value for each pointer")
        try:
            "".encode(rule.get("encoding") or "utf-8")
            if rule.get("contract"):
                contract(rule["contract"])
        except (LookupError, TypeError, UnknownContractError) as error:
            raise FixError(f"fix {rule['name']}: {error}") from error
        return cls(**rule, edited=dict(_edited(number, line) for number, line in enumerate(edited_lines, 1)))

    @property
    def digest(self) -> str:
        """Depends on what the fix does, so that another fix of the same records is another replay."""
        parts = [self.name, self.rename, self.map, self.contract, self.encoding]
        edited = sorted((record_id, payload.decode()) for record_id, payload in self.edited.items())
        return hashlib.sha256(orjson.dumps([parts, edited], option=orjson.OPT_SORT_KEYS)).hexdigest()

    def payload(self, record_id: str, format: str, kept: str) -> tuple[bytes, str]:
        """The payload and its format after the fix; as received where the fix has nothing to do."""
        if record_id in self.edited:
            # Of a row of a file the steward edits the texts that it held.
            return self.edited[record_id], format if format in READABLE else "json"
        if format == "base64":
            return self._decoded(b64decode(kept))
        if format not in READABLE or not (self.rename or self.map):
            return kept.encode(), format
        try:
            value = orjson.loads(kept)
        except orjson.JSONDecodeError:
            return kept.encode(), format
        return (orjson.dumps(value) if self._repair(value) else kept.encode()), format

    def _decoded(self, payload: bytes) -> tuple[bytes, str]:
        if not self.encoding:
            return payload, "json"
        try:
            return self.payload("", "json", payload.decode(self.encoding))
        except UnicodeDecodeError:
            return payload, "json"

    def _repair(self, value: Any) -> bool:
        """Repair in place; whether anything was to repair."""
        is_changed = False
        for pointer, target in self.rename.items():
            holder, name = _holder(value, pointer)
            to, new_name = _holder(value, target)
            if holder is not None and name in holder and to is not None and new_name not in to:
                to[new_name] = holder.pop(name)
                is_changed = True
        for pointer, values in self.map.items():
            holder, name = _holder(value, pointer)
            if holder is not None and name in holder and (key := _as_text(holder[name])) in values:
                holder[name] = values[key]
                is_changed = True
        return is_changed


def _holder(value: Any, pointer: str) -> tuple[dict[str, Any] | None, str]:
    """The object a pointer's last part stands in, None where there is none, and that part."""
    *parents, name = pointer[1:].split("/")
    for parent in parents:
        value = value.get(parent) if isinstance(value, dict) else None
    return (value if isinstance(value, dict) else None), name


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def _edited(number: int, line: bytes) -> tuple[str, bytes]:
    try:
        found = orjson.loads(line)
        payload = found["payload"]
        return str(found["record_id"]), payload.encode() if isinstance(payload, str) else orjson.dumps(payload)
    except (orjson.JSONDecodeError, KeyError, TypeError) as error:
        raise FixError(
            f'line {number} of the edited file is not {{"record_id": …, "payload": …}}: {error!r}'
        ) from error
