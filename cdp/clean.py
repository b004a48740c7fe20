"""Every line of raw becomes a typed row or is quarantined or held with its reasons; none is lost.

One pass of Python per record, whatever engine runs the steps after it: on Spark the same function is given to
`mapInArrow`, where a batch of lines comes in and a batch of rows goes out. Deduplication is a step in SQL.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple, TypeAlias

import orjson
import pyarrow as pa
import pyarrow.compute as pc

from cdp import normalise
from cdp.clean_layout import LAYOUTS, Field, typed_schema
from cdp.contracts import Reason, dataset_of
from cdp.dataset import ARROW_TYPES, Dataset
from cdp.quarantine import quarantine_line
from cdp.records import Envelope, Rejected, parse, receive, rejected
from cdp.standing import MISFITS, Standing

STAGE = "clean_raw"
# A clock may be wrong by a time zone, not by more; what lies further ahead would win every "latest" there is.
AHEAD = timedelta(days=1)
# Later than this, an event would change sessions and days that have been reported; a steward decides.
LATE = timedelta(days=30)

_TIME = ARROW_TYPES["timestamp_ltz"]
_EPOCH, _MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)
# The years 1 to 9999 in UTC: what Python, DuckDB, Spark and Iceberg can all hold.
_FIRST, _LAST = ((t.replace(tzinfo=UTC) - _EPOCH) // _MICROSECOND for t in (datetime.min, datetime.max))
Values: TypeAlias = list[Any] | pa.Array

_TOO_LATE = rejected("late", f"happened more than {LATE.days} days before its receipt", pointer="/timestamp")
_NO_ENVELOPE = rejected("envelope", "expected a line of raw: a record's payload in its envelope")
_KEYS = Envelope.__required_keys__
# What every row needs of its envelope, as columns of text.
NAMED = ("record_id", "source", "received_at")
Named: TypeAlias = Mapping[str, pa.Array]


class CleanError(Exception):
    """The clean stage would lose records; the message names the dataset."""


class Batch(NamedTuple):
    """What became of some lines: `received` = rows + quarantined + held.

    `rows` has the columns of `typed_schema`; `quarantined` and `held` are lines of `quarantine_line`. `lost` are
    ids of records of which nothing became, for the account to fail on.
    """

    received: int
    rows: pa.Table
    quarantined: list[bytes]
    held: list[bytes]
    lost: tuple[str, ...] = ()


def clean(dataset: str, lines: Iterable[bytes], run_id: str) -> Batch:
    """Some lines of raw objects of one dataset, typed; never raises for what a line holds.

    Quarantined are records that break their contract or have another dataset's, that hold what no column can or break
    a demand of the layout, or that say they were made more than AHEAD after their receipt. Held are events more than
    LATE before it.
    """
    envelopes: list[Envelope] = []
    records: list[dict[str, Any]] = []
    quarantined: list[bytes] = []
    for line in lines:
        envelope, value = _read(dataset, line)
        if isinstance(value, Rejected):
            quarantined.append(quarantine_line(envelope, value, stage=STAGE, run_id=run_id))
        else:
            envelopes.append(envelope)
            records.append(value)
    named = {name: pa.array([e[name] for e in envelopes], pa.string()) for name in NAMED}  # type: ignore[literal-required]
    batch = clean_standing(dataset, named, Standing(dataset, records), envelopes.__getitem__, run_id)
    quarantined += batch.quarantined
    return batch._replace(received=len(quarantined) + len(batch.rows) + len(batch.held), quarantined=quarantined)


def clean_standing(
    dataset: str, named: Named, standing: Standing, envelope: Callable[[int], Envelope], run_id: str
) -> Batch:
    """Records that keep their contract, typed; `envelope` gives the whole one of a row that cannot go on."""
    rows, reasons, late = _typed(dataset, named, standing)
    quarantined = [
        quarantine_line(envelope(row), Rejected(tuple(why)), stage=STAGE, run_id=run_id)
        for row, why in sorted(reasons.items())
    ]
    late -= {row for row in late if row in reasons or envelope(row).get("accepts") == "late"}
    held = [quarantine_line(envelope(row), _TOO_LATE, stage=STAGE, run_id=run_id) for row in sorted(late)]
    if reasons or late:
        rows = rows.filter(pa.array([row not in reasons and row not in late for row in range(len(rows))]))
    return Batch(len(rows) + len(quarantined) + len(held), rows, quarantined, held)


def _read(dataset: str, line: bytes) -> tuple[Envelope, dict[str, Any] | Rejected]:
    envelope = _envelope(line)
    if envelope is None:
        # Something else wrote to raw: the whole line is the record, so that it is not lost.
        alien = receive(line, source="unknown", contract_name="unknown", received_at="", origin="", format="text")
        return alien.envelope, _NO_ENVELOPE
    if dataset_of(envelope["contract"]) != dataset:
        return envelope, rejected("contract", f"expected a contract of {dataset}", pointer="/contract")
    return envelope, parse(envelope)


def _envelope(line: bytes) -> Envelope | None:
    try:
        envelope: Envelope = orjson.loads(line)
        _received(envelope["received_at"])
        is_whole = envelope.keys() >= _KEYS and {*map(type, envelope.values())} == {str}
    except (KeyError, AttributeError, *MISFITS):
        return None
    return envelope if is_whole else None


def _typed(dataset: str, named: Named, standing: Standing) -> tuple[pa.Table, dict[int, list[Reason]], set[int]]:
    """All records as rows, and by row number the reasons against some of them and the late ones."""
    layout = LAYOUTS[dataset]
    required = {c.name for c in Dataset.load(f"clean.{dataset}").columns if c.is_required}
    reasons: dict[int, list[Reason]] = defaultdict(list)
    columns = [named["record_id"], named["source"]]
    received_at = _received_at(named["received_at"])
    latest = pc.add(received_at, pa.scalar(AHEAD, pa.duration("us")))
    earliest = pc.subtract(received_at, pa.scalar(LATE, pa.duration("us")))
    late: set[int] = set()
    for field in layout.fields:
        column, misfits = _column(field, standing)
        faults = dict.fromkeys(misfits, ("type", f"expected a value that {field.type} can hold"))
        if field.column in required and column.null_count:
            faults = dict.fromkeys(_where(pc.is_null(column)), ("required", "is required but says nothing")) | faults
        if field.column in layout.past:
            faults |= dict.fromkeys(
                _where(pc.greater(column, latest)), ("future", "lies more than a day ahead of its receipt")
            )
        for row, fault in faults.items():
            reasons[row].append(Reason(field.pointers[0], *fault))
        if field.column == layout.late:
            late = set(_where(pc.less(column, earliest)))
        columns.append(column)
    rows = pa.RecordBatch.from_arrays(columns, schema=typed_schema(dataset))
    for demand in layout.demands:
        for row in _where(demand.is_broken(rows)):
            reasons[row] = reasons[row] or [demand.reason]  # where a value has a fault, its column says nothing
    return pa.Table.from_batches([rows]), reasons, late


def _column(field: Field, standing: Standing) -> tuple[pa.Array, list[int]]:
    """The field of every record, None where its value does not fit; and the rows where that is so."""
    values, misfits = standing.column(field.pointers), []
    convert = _CONVERTERS[field.type]
    try:
        column = convert(standing.values(field.pointers) if values is None else values)
    except MISFITS:
        # Arrow converts all or nothing, and fast; a batch with a misfit is looked through one by one.
        values = standing.values(field.pointers)
        fits = [_fits(convert, value) for value in values]
        misfits = [row for row, is_fit in enumerate(fits) if not is_fit]
        column = convert([value if is_fit else None for value, is_fit in zip(values, fits, strict=True)])
    return (column if field.normal is None else _normal(field, column, standing)), misfits


def _normal(field: Field, texts: pa.Array, standing: Standing) -> pa.Array:
    """The normal form of each text, made once per text or of those that are there."""
    assert field.normal is not None
    if field.country is None:
        encoded = texts.dictionary_encode()
        return pa.array(map(field.normal, encoded.dictionary.to_pylist()), pa.string()).take(encoded.indices)
    countries = standing.column((field.country,))
    pairs = zip(
        texts.to_pylist(),
        standing.values((field.country,)) if countries is None else countries.to_pylist(),
        strict=True,
    )
    return pa.array([None if v is None else field.normal(v, _country(c)) for v, c in pairs], pa.string())


def _country(value: Any) -> str | None:
    return normalise.country(value) if type(value) is str else None


def _fits(convert: Callable[[list[Any]], pa.Array], value: Any) -> bool:
    try:
        convert([value])
    except MISFITS:
        return False
    return True


def _where(mask: pa.Array) -> list[int]:
    """Row numbers where the mask is true."""
    found: list[int] = pc.indices_nonzero(mask).to_pylist()
    return found


# Converters: JSON values and None as an Arrow array; they raise one of MISFITS when any does not fit.


def _strings(values: Values) -> pa.Array:
    return values if isinstance(values, pa.Array) else pa.array(values, pa.string())


def texts(values: Values) -> pa.Array:
    """Text without space around it, None where nothing is left."""
    trimmed = pc.utf8_trim_whitespace(_strings(values))
    return pc.if_else(pc.equal(trimmed, ""), None, trimmed)


def _integers(type: pa.DataType) -> Callable[[list[Any]], pa.Array]:
    def convert(values: Values) -> pa.Array:
        # Given the type, Arrow would cut 2.5 to 2.
        found = values if isinstance(values, pa.Array) else pa.array(values)
        if not (pa.types.is_integer(found.type) or pa.types.is_null(found.type)):
            raise TypeError(found.type)
        return found.cast(type)

    return convert


def _booleans(values: Values) -> pa.Array:
    return values if isinstance(values, pa.Array) else pa.array(values, pa.bool_())


def _dates(values: Values) -> pa.Array:
    if not isinstance(values, pa.Array):
        return pa.array([None if v is None else date.fromisoformat(v) for v in values], pa.date32())
    found = values.cast(pa.date32())
    if pc.any(pc.less(found, pa.scalar(date.min))).as_py():
        raise OverflowError("Arrow has a year 0, Python has none")
    return found


def _times(values: Values) -> pa.Array:
    try:
        found = _strings(values).cast(_TIME)
    except pa.ArrowInvalid:
        # More than six digits of a second, lower-case t or z; digits beyond microseconds are cut.
        texts = values.to_pylist() if isinstance(values, pa.Array) else values
        found = pa.array([None if v is None else _instant(v) for v in texts], pa.int64()).cast(_TIME)
    span = pc.min_max(found.cast(pa.int64())).as_py()
    if span["min"] is not None and not _FIRST <= span["min"] <= span["max"] <= _LAST:
        raise OverflowError("outside the years 1 to 9999 in UTC")
    return found


def _instant(text: str) -> int:
    """Microseconds since 1970 of an RFC 3339 time; raises ValueError or TypeError (no offset)."""
    return (datetime.fromisoformat(text.upper()) - _EPOCH) // _MICROSECOND


def _received_at(texts: pa.Array) -> pa.Array:
    encoded = texts.dictionary_encode()
    instants = [_received(text) for text in encoded.dictionary.to_pylist()]
    return pa.array(instants, pa.int64()).cast(_TIME).take(encoded.indices)


# Records of one batch share their time of receipt.
_received = lru_cache(maxsize=4096)(_instant)

_CONVERTERS: dict[pa.DataType, Callable[[Any], pa.Array]] = {
    pa.string(): texts,
    pa.int32(): _integers(pa.int32()),
    pa.int64(): _integers(pa.int64()),
    pa.bool_(): _booleans,
    pa.date32(): _dates,
    _TIME: _times,
}
