"""How a record stands in a file, and what the platform takes for its payload."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from typing import Any

import orjson

from sample_data.samples import Sample

Line = Callable[[Sample], tuple[bytes, bytes]]


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

    def write(sample: Sample) -> tuple[bytes, bytes]:
        if isinstance(sample.record, bytes):
            return sample.record + b"\n", sample.record + b"\n"
        cells = _cells(sample.record, columns)
        text = _joined(cells).encode()
        if len(cells) != len(columns):
            return text, text.rstrip(b"\n")
        return text, orjson.dumps(dict(zip(columns, cells, strict=True)))

    return write


def _joined(cells: list[str]) -> str:
    """A CSV line; most need no quotes, which saves the writer."""
    text = ",".join(cells)
    if '"' not in text and "\n" not in text and "\r" not in text and text.count(",") == len(cells) - 1:
        return text + "\n"
    line = io.StringIO(newline="")
    csv.writer(line, lineterminator="\n").writerow(cells)
    return line.getvalue()


def _cells(record: dict[str, Any] | list[str], columns: tuple[str, ...]) -> list[str]:
    if isinstance(record, list):
        return record
    get = record.get
    return [
        value if type(value) is str else str(value).lower() if type(value) is bool else str(value)
        for value in [get(column, "") for column in columns]
    ]
