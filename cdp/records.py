"""One parser for every record, whatever way it came: a value that keeps its contract, or the reasons why not.

Ingestion parses to decide between raw and quarantine; the clean stage parses raw again with the same function,
so that both see the same value. Where a JSON object names a key twice, the last one counts, as in Python's json.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Iterator, Mapping
from typing import Any, Literal, NamedTuple, TypedDict

import orjson

from cdp.contracts import UNKNOWN, Contract, Reason, UnknownContractError, contract, is_newest, versions

MAX_BYTES = 1024 * 1024

Format = Literal["json", "csv_row", "base64", "text", "file"]
READABLE = frozenset({"json", "csv_row"})
_UNREADABLE = {
    "base64": ("encoding", "expected UTF-8 text"),
    "text": ("columns", "expected columns"),
    "file": ("file", "expected a file of records"),
}


class History(TypedDict, total=False):
    """What an envelope says more of a record that came out of quarantine.

    `replay_of` is the id it was quarantined under, `fix` the name of the fix; `accepts` is `late` when a steward
    has decided that it may be as late as it is.
    """

    replay_of: str
    fix: str
    accepts: str


class Envelope(History):
    """One line of raw: a record exactly as received, and where it came from.

    `record_id` depends on source and payload only, so that a redelivered record keeps it. `format` says how the
    payload was kept: `json` its text, `csv_row` a JSON object of header to text, `base64` bytes that are no text,
    `text` a line of a file that could not be divided into columns, `file` a whole file whose copy has that key.
    Only `json` and `csv_row` have a value.
    """

    record_id: str
    source: str
    contract: str
    received_at: str
    format: Format
    payload: str
    origin: str


class Rejected(NamedTuple):
    """A record that cannot go on, with every reason found."""

    reasons: tuple[Reason, ...]


class Record(NamedTuple):
    """One received record: its envelope, and its value or the reasons why it has none."""

    envelope: Envelope
    value: dict[str, Any] | Rejected


class RawLines(NamedTuple):
    """Whole lines of raw as they lie there; `is_judged` when each is known to keep its contract as published now."""

    text: bytes
    is_judged: bool


def rejected(rule: str, message: str, pointer: str = "") -> Rejected:
    """A rejection for one reason."""
    return Rejected((Reason(pointer, rule, message),))


def receive(
    payload: bytes,
    *,
    source: str,
    contract_name: str,
    received_at: str,
    origin: str,
    format: Format = "json",
    is_self_described: bool = False,
    rejection: Rejected | None = None,
) -> Record:
    """One record as it arrived; a `rejection` was found while reading it and spares judging it.

    A self-described record may name its contract in its field `contract`.
    """
    try:
        text = payload.decode()
    except UnicodeDecodeError:
        text, format = b64encode(payload).decode(), "base64"
    value = rejection or _read(text, format)
    if is_self_described and isinstance(value, dict) and "contract" in value:
        contract_name = _published(value["contract"])
    envelope: Envelope = {
        "record_id": hashlib.sha256(source.encode() + b"\0" + payload).hexdigest()[:32],
        "source": source,
        "contract": contract_name,
        "received_at": received_at,
        "format": format,
        "payload": text,
        "origin": origin,
    }
    return Record(envelope, _judge(value, contract_name, format))


def parse(envelope: Envelope) -> dict[str, Any] | Rejected:
    """The value of a record kept in raw, typed by its contract; never raises for what a payload holds."""
    format = envelope["format"]
    value = _judge(_read(envelope["payload"], format), envelope["contract"], format)
    if isinstance(value, Rejected):
        return value
    named = contract(envelope["contract"])
    if not is_newest(named.name):
        # What a later version describes means nothing here: the producer may have filled it with anything.
        value = {field: value[field] for field in value.keys() & named.fields}
    return named.with_integers(value)


def envelope_line(envelope: Envelope) -> bytes:
    """One line of raw."""
    return orjson.dumps(envelope, option=orjson.OPT_APPEND_NEWLINE)


def record_key(dataset: str, received_at: str, name: str) -> str:
    """Key of a raw object; `name` is the batch's identity, never anything a payload says."""
    return f"records/dataset={dataset}/date={received_at[:10]}/{name}.jsonl.gz"


def extra_fields(value: Mapping[str, Any], name: str) -> bool:
    """Whether a record has fields its contract does not describe; they are kept in raw and otherwise ignored."""
    return not value.keys() <= contract(name).fields


def _read(text: str, format: Format) -> Any:
    """The JSON value of a payload, not yet judged."""
    if format not in READABLE:
        return rejected(*_UNREADABLE.get(format, ("format", "expected a record")))
    if len(text) > MAX_BYTES // 4 and len(text.encode()) > MAX_BYTES:
        return rejected("size", f"expected at most {MAX_BYTES} bytes")
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        if not text.strip():
            return rejected("empty", "expected a record, found nothing")
        return rejected("json", f"not JSON (RFC 8259), or nested too deep, from character {error.pos} on")
    # Looking for one character is ten times faster than looking for six.
    if "\\" in text and "\\u0000" in text and _has_nul(value):
        return rejected("nul", "expected text without NUL characters, which no database column can hold")
    return value


def _judge(value: Any, contract_name: str, format: Format) -> dict[str, Any] | Rejected:
    if isinstance(value, Rejected):
        return value
    try:
        wanted: Contract = contract(contract_name)
    except UnknownContractError as error:
        return rejected("contract", str(error), pointer="/contract")
    typed: dict[str, Any] = _typed(wanted, value, format)
    if reasons := wanted.validate(typed):
        return Rejected((*reasons, *_other_versions(wanted, value, format)))
    return typed


def _typed(wanted: Contract, value: Any, format: Format) -> Any:
    """A row of a file as the contract types it; any other value as it is."""
    return wanted.typed(value) if format == "csv_row" and isinstance(value, dict) else value


def _other_versions(wanted: Contract, value: Any, format: Format) -> Iterator[Reason]:
    """Versions of the contract that the record keeps instead: its producer has moved on, or back."""
    for name in versions(wanted.dataset):
        if name != wanted.name and contract(name).is_valid(_typed(contract(name), value, format)):
            yield Reason("", "version", f"looks like {name}: send it under that name, or replay it with that contract")


def _published(name: Any) -> str:
    """The name of a published contract; `unknown` for any other, since a record may name anything."""
    try:
        return contract(name).name
    except (UnknownContractError, TypeError):
        return UNKNOWN


def _has_nul(value: Any) -> bool:
    nodes = [value]
    while nodes:
        node = nodes.pop()
        if isinstance(node, str) and "\0" in node:
            return True
        if isinstance(node, dict):
            nodes += [*node.keys(), *node.values()]
        elif isinstance(node, list):
            nodes += node
    return False
