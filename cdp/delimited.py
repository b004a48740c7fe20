"""Every row of a landed file comes out once: as columns when it has them, else as its bytes with the reason.

Files are read as streams of physical lines; memory holds one row, at most 16 MiB. A broken row costs that row
only: reading goes on at the next line, also after a quote that was never closed.
"""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterator, Set
from itertools import chain
from typing import BinaryIO, NamedTuple

import orjson

from cdp.contracts import Reason
from cdp.records import MAX_BYTES, Format, Rejected, rejected

MAX_LINE_BYTES = 16 * MAX_BYTES
MAX_ROW_LINES = 1000
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
DELIMITERS = ",;\t|"
NAMES = {",": "comma", ";": "semicolon", "\t": "tab", "|": "vertical bar"}


class UnreadableFileError(Exception):
    """A landed file cannot be read as rows at all; `reason` says why."""

    def __init__(self, rule: str, message: str) -> None:
        super().__init__(message)
        self.reason = Reason("", rule, message)


class Row(NamedTuple):
    """One row of a file: what to keep of it, how it is kept and, when it has no columns, why."""

    payload: bytes
    format: Format
    rejection: Rejected | None = None


def physical_lines(stream: BinaryIO) -> Iterator[bytes]:
    """Lines with their line ends and without a byte order mark. Raises UnreadableFileError."""
    is_first = True
    while line := stream.readline(MAX_LINE_BYTES + 1):
        if len(line) > MAX_LINE_BYTES:
            raise UnreadableFileError("size", f"expected lines of at most {MAX_LINE_BYTES} bytes; is this a text file?")
        yield line.removeprefix(BYTE_ORDER_MARK) if is_first else line
        is_first = False


def json_rows(stream: BinaryIO) -> Iterator[Row]:
    """One row per line that holds anything."""
    return (Row(line.rstrip(b"\r\n"), "json") for line in physical_lines(stream) if line.strip())


def csv_rows(stream: BinaryIO, fields: Set[str]) -> Iterator[Row]:
    """One row per CSV record (RFC 4180, comma, UTF-8) below the header; blank lines are none.

    A row's payload is the JSON object of header to text. `fields` are the contract's names: a header that holds
    none of them, names a column twice or is divided by another delimiter makes every line a rejected row.
    Raises UnreadableFileError when the header is not UTF-8.
    """
    csv.field_size_limit(MAX_LINE_BYTES)
    lines = _RowLines(physical_lines(stream))
    header = _header(lines)
    if header is None:
        return
    fault = _header_fault(header, fields)
    if fault:
        is_data = fault.reasons[0].rule == "header"
        first = lines.current if is_data else []
        yield from (_as_text(line, fault) for line in chain(first, lines.rest()) if line.strip())
        return
    reader = csv.reader(lines, strict=True)
    while True:
        lines.current.clear()
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            yield _as_text(lines.give_back(), rejected("quoting", "expected quotes that close, in RFC 4180's form"))
            reader = csv.reader(lines, strict=True)
            continue
        if cells:
            yield _row(header, cells, lines)


class _RowLines:
    """Text of physical lines for a CSV reader, and the bytes of the row it is reading."""

    def __init__(self, lines: Iterator[bytes]) -> None:
        self.current: list[bytes] = []
        self.is_text = True
        self._lines = lines
        self._again: deque[bytes] = deque()

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if not self.current:
            self.is_text = True
        elif len(self.current) >= MAX_ROW_LINES or sum(map(len, self.current)) > MAX_LINE_BYTES:
            raise csv.Error("row goes on for too long")
        line = self._again.popleft() if self._again else next(self._lines)
        self.current.append(line)
        try:
            return line.decode()
        except UnicodeDecodeError:
            self.is_text = False
            return line.decode(errors="surrogateescape")

    def give_back(self) -> bytes:
        """The current row's first line; its other lines will be read again."""
        first, *others = self.current
        self._again.extendleft(reversed(others))
        self.current = []
        return first

    def rest(self) -> Iterator[bytes]:
        """All lines not yet read."""
        return chain(self._again, self._lines)


def _header(lines: _RowLines) -> list[str] | None:
    """The first record's cells; None in a file without any."""
    try:
        for cells in csv.reader(lines, strict=True):
            if not lines.is_text:
                raise UnreadableFileError("encoding", "expected a header in UTF-8")
            if cells:
                return [name.strip() for name in cells]
            lines.current.clear()
    except csv.Error:
        lines.current = [lines.give_back()]
        return lines.current[0].decode(errors="replace").strip().replace('"', "").split(",")
    return None


def _header_fault(header: list[str], fields: Set[str]) -> Rejected | None:
    found = {delimiter: len(fields & set(",".join(header).split(delimiter))) for delimiter in DELIMITERS}
    found[","] = len(fields & set(header))
    best = max(DELIMITERS, key=lambda delimiter: found[delimiter])
    if not found[best]:
        return rejected("header", "expected a header with the contract's column names in the first line")
    if best != ",":
        return rejected("delimiter", f"expected columns divided by comma, found {NAMES[best]}")
    again = [position for position, name in enumerate(header, start=1) if name in header[: position - 1]]
    if again:
        return rejected("columns", f"expected each column name once, column {again[0]} has that of an earlier one")
    return None


def _row(header: list[str], cells: list[str], lines: _RowLines) -> Row:
    if not lines.is_text:
        return Row(b"".join(lines.current), "base64")
    if len(cells) != len(header):
        fault = rejected("columns", f"expected {len(header)} columns, found {len(cells)}")
        return _as_text(b"".join(lines.current), fault)
    return Row(orjson.dumps(dict(zip(header, cells, strict=True))), "csv_row")


def _as_text(line: bytes, fault: Rejected) -> Row:
    return Row(line.rstrip(b"\r\n"), "text", fault)
