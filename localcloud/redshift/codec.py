"""Values of the PostgreSQL wire protocol: DuckDB types as type ids, Python values as text and binary, and back."""

from __future__ import annotations

import datetime as dt
import struct
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

BOOLEAN, BIGINT, SMALLINT, INTEGER, REAL, DOUBLE = 16, 20, 21, 23, 700, 701
VARCHAR, DATE, TIME, TIMESTAMP, TIMESTAMPTZ, NUMERIC = 1043, 1082, 1083, 1114, 1184, 1700
UTF8 = "utf-8"
LENGTH = struct.Struct("!i").pack
NULL = LENGTH(-1)

TYPE_IDS = {
    "BOOLEAN": BOOLEAN,
    "TINYINT": SMALLINT,
    "SMALLINT": SMALLINT,
    "INTEGER": INTEGER,
    "BIGINT": BIGINT,
    "HUGEINT": NUMERIC,
    "FLOAT": REAL,
    "DOUBLE": DOUBLE,
    "DATE": DATE,
    "TIME": TIME,
    "TIMESTAMP": TIMESTAMP,
    "TIMESTAMP WITH TIME ZONE": TIMESTAMPTZ,
}
INTEGERS = {SMALLINT: "!h", INTEGER: "!i", BIGINT: "!q"}
FLOATS = {REAL: "!f", DOUBLE: "!d"}
TIMES = (TIMESTAMP, TIMESTAMPTZ)
EPOCH = dt.datetime(2000, 1, 1)
MICROSECOND = dt.timedelta(microseconds=1)

FROM_TEXT: dict[int, Callable[[str], Any]] = {
    BOOLEAN: lambda text: text in ("t", "true", "1"),
    **dict.fromkeys(INTEGERS, int),
    **dict.fromkeys(FLOATS, float),
    NUMERIC: Decimal,
}


def type_id(duckdb_type: str) -> int:
    """PostgreSQL's id of a DuckDB type; varchar for what Redshift does not have."""
    return NUMERIC if duckdb_type.startswith("DECIMAL") else TYPE_IDS.get(duckdb_type, VARCHAR)


def encoder(its_type: int, *, binary: bool) -> Callable[[Any], bytes]:
    """What writes values of a type as the client asked for them; NULL is not among them."""
    if binary and its_type in INTEGERS:
        return struct.Struct(INTEGERS[its_type]).pack
    if binary and its_type in FLOATS:
        return struct.Struct(FLOATS[its_type]).pack
    if binary and its_type in TIMES:
        return lambda value: struct.pack("!q", (_utc(value) - EPOCH) // MICROSECOND)
    if its_type == BOOLEAN:
        return (b"\x00", b"\x01").__getitem__ if binary else (b"f", b"t").__getitem__
    return lambda value: str(value).encode()


def data_row(row: Sequence[Any], encoders: Sequence[Callable[[Any], bytes]]) -> bytes:
    """A row's message: how many values, then each with its length."""
    parts = [struct.pack("!h", len(encoders))]
    for value, encode in zip(row, encoders, strict=True):
        if value is None:
            parts.append(NULL)
        else:
            raw = encode(value)
            parts += (LENGTH(len(raw)), raw)
    return b"".join(parts)


def decode(raw: bytes | None, its_type: int, *, binary: bool) -> Any:
    """A bound parameter as a Python value; text stays text when its type is unknown."""
    if raw is None:
        return None
    if not binary:
        return FROM_TEXT.get(its_type, str)(raw.decode(UTF8))
    if its_type in INTEGERS:
        return int.from_bytes(raw, "big", signed=True)
    if its_type in FLOATS:
        return struct.unpack(FLOATS[its_type], raw)[0]
    if its_type == BOOLEAN:
        return raw != b"\x00"
    if its_type in TIMES:
        return EPOCH + struct.unpack("!q", raw)[0] * MICROSECOND
    return raw.decode(UTF8)


def _utc(moment: dt.datetime) -> dt.datetime:
    return moment if moment.tzinfo is None else moment.astimezone(dt.UTC).replace(tzinfo=None)
