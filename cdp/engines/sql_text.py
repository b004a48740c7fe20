"""A step's text is complete before an engine sees it: parameters become literals that mean the same everywhere."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from cdp.dataset import Dataset


class StepError(Exception):
    """A SQL step failed; the message names the step and what the engine said."""


def bind(sql: str, parameters: Mapping[str, Any]) -> str:
    """The text with every `:name` replaced by a typed literal; raises StepError for a name without a value."""

    def value(match: re.Match[str]) -> str:
        if match[1] not in parameters:
            raise StepError(f"the SQL uses :{match[1]}, which is not one of {sorted(parameters)}")
        return literal(parameters[match[1]])

    return re.sub(r"(?<![:\w']):([a-z_]+)\b", value, sql)


def literal(value: Any) -> str:
    """A Python value as a SQL literal that means the same on every engine."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, datetime):
        return f"cast('{value.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}+00:00' as timestamp_ltz)"
    if isinstance(value, date):
        return f"cast('{value.isoformat()}' as date)"
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, list | tuple | set | frozenset):
        return "(" + ", ".join(literal(v) for v in value) + ")"
    raise StepError(f"a parameter of type {type(value).__name__} has no SQL literal")


def casts(dataset: Dataset) -> str:
    """The select list that gives rows the columns and types of a dataset contract."""
    return ", ".join(f"cast({c.name} as {c.type}) as {c.name}" for c in dataset.columns)


def _text(value: str) -> str:
    # Spark 3.5 drops a doubled quote and reads a backslash as an escape; DuckDB does neither.
    parts = [f"chr({ord(p)})" if p in ("'", "\\") else f"'{p}'" for p in re.split(r"(['\\])", value) if p]
    return f"concat({', '.join(parts)})" if len(parts) > 1 else "".join(parts) or "''"
