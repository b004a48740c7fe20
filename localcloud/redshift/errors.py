"""What goes wrong in the laptop's warehouse reaches the client as a PostgreSQL error with a SQLSTATE."""

from __future__ import annotations

import re

import duckdb
from sqlglot.errors import SqlglotError, UnsupportedError


class RedshiftError(Exception):
    """A statement failed; `sqlstate` is the five-character code drivers read."""

    def __init__(self, message: str, sqlstate: str = "XX000") -> None:
        super().__init__(message)
        self.sqlstate = sqlstate


class UnsupportedStatementError(RedshiftError):
    """The statement is not Redshift SQL, or the stand-in does not emulate it; the message says what to use."""

    def __init__(self, message: str) -> None:
        super().__init__(message, "0A000")


class AbortedTransactionError(RedshiftError):
    """A statement after a failed one in the same transaction."""

    def __init__(self) -> None:
        super().__init__("current transaction is aborted, commands ignored until end of transaction block", "25P02")


ANSI = re.compile(r"\x1b\[\d*m")
SQLSTATES: tuple[tuple[type[Exception], str], ...] = (
    (UnsupportedError, "0A000"),
    (SqlglotError, "42601"),
    (duckdb.ParserException, "42601"),
    (duckdb.CatalogException, "42P01"),
    (duckdb.BinderException, "42703"),
    (duckdb.ConversionException, "22P02"),
    (duckdb.OutOfRangeException, "22003"),
    (duckdb.ConstraintException, "23502"),
    (duckdb.TransactionException, "40001"),
)


def as_redshift_error(error: Exception) -> RedshiftError:
    """The error as the client shall see it."""
    if isinstance(error, RedshiftError):
        return error
    text = str(error)
    if "octet_length" in text and (size := re.search(r"<= (\d+)", text)):
        return RedshiftError(f"value too long for type character varying({size[1]}): {_column(text)}", "22001")
    if "division by zero" in text:
        return RedshiftError("division by zero", "22012")
    if "Function with name" in text:
        return RedshiftError(text.splitlines()[0], "42883")
    sqlstate = next((code for kind, code in SQLSTATES if isinstance(error, kind)), "XX000")
    # What follows the first line quotes DuckDB's translation, which is not what the client wrote.
    return RedshiftError(ANSI.sub("", text).splitlines()[0], sqlstate)


def _column(text: str) -> str:
    column = re.search(r"encode\(\"?(\w+)", text)
    return f"column {column[1]}" if column else "a column"
