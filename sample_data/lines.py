"""How a record stands in a file, and what the platform takes for its payload."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from itertools import chain, repeat

import orjson

from sample_data.samples import Cells, Record, Sample

Line = Callable[[Sample], tuple[bytes, bytes]]
SPECIAL = bytes([*range(32), *b',"\\'])  # what a cell may not hold to stand in CSV and in JSON as it is


def line_of(columns: tuple[str, ...]) -> Line:
    """What gives a sample's line and its payload: as CSV when there are columns, else as JSON."""
    return _csv_line(columns) if columns else _json_line


def header(columns: tuple[str, ...]) -> bytes:
    """What stands before the first record."""
    return (",".join(columns) + "\n").encode() if columns else b""


def _json_line(sample: Sample) -> tuple[bytes, bytes]:
    payload = sample.record if isinstance(sample.record, bytes) else orjson.dumps(sample.record)
    return payload + b"\n", payload


def _csv_line(columns: tuple[str, ...]) -> Line:
    """A payload is an object of column to text; bytes that are no text, and other numbers of cells, stay a line."""
    commas = len(columns) - 1
    names = [f'","{column}":"' for column in columns]
    names[0] = f'{{"{columns[0]}":"'
    pieces = [*chain.from_iterable((name, "") for name in names), '"}']

    def write(sample: Sample) -> tuple[bytes, bytes]:
        if isinstance(sample.record, bytes):
            return sample.record + b"\n", sample.record + b"\n"
        cells = _cells(sample.record, columns)
        line = ",".join(cells).encode()
        if len(cells) == len(columns) and len(line.translate(None, SPECIAL)) == len(line) - commas:
            # It stands in CSV and in JSON as it is, as most does, which saves both writers.
            pieces[1::2] = cells
            return line + b"\n", "".join(pieces).encode()
        line = _quoted(cells)
        if len(cells) != len(columns):
            return line, line.rstrip(b"\n")
        return line, orjson.dumps(dict(zip(columns, cells, strict=True)))

    return write


def _quoted(cells: Cells) -> bytes:
    line = io.StringIO(newline="")
    csv.writer(line, lineterminator="\n").writerow(cells)
    return line.getvalue().encode()


def _cells(record: Record | Cells, columns: tuple[str, ...]) -> Cells:
    if isinstance(record, tuple):
        return record
    values = list(map(record.get, columns, repeat("")))
    cells = tuple(map(str, values))
    if bool in map(type, values):
        return tuple([cell.lower() if type(value) is bool else cell for cell, value in zip(cells, values, strict=True)])
    return cells
