"""The quality rules of a dataset contract become SQL measures that mean the same on every engine.

A rule measures one number of a table and compares it with a threshold. The contract states it in the Open
Data Contract Standard 3.1: library metrics, `type: sql`, and `type: custom, engine: cdp` for what the standard
lacks (`freshness`, `row_count_history`). Required columns, the primary key and relationships are rules, unstated.

In SQL rules `{object}` is the table, `clean_customer` any other table of the lake, `:run_at` the run's time.
A query `select count(*) from … where …` counts rows that break the rule; what follows `from` must have the
primary key's columns, or those named by the custom property `keys`, so that a few can be shown.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil
from statistics import median
from typing import Any

from cdp.dataset import Column, Dataset

Entry = dict[str, Any]

SEVERITIES = ("fail", "warn")
HOURS = {"h": 1, "d": 24}
COUNT = re.compile(r"\s*select\s+count\(\*\)\s+(?=from\b)", re.IGNORECASE)
ROW_CONDITION = re.compile(COUNT.pattern + r"from\s+\{object\}\s+where\s+(?!.*\bselect\b)(.*)", re.I | re.S)
OPERATORS: dict[str, tuple[str, Callable[[Any, Any], bool]]] = {
    "mustBe": ("=", operator.eq),
    "mustNotBe": ("!=", operator.ne),
    "mustBeGreaterThan": (">", operator.gt),
    "mustBeGreaterOrEqualTo": (">=", operator.ge),
    "mustBeLessThan": ("<", operator.lt),
    "mustBeLessOrEqualTo": ("<=", operator.le),
    "mustBeBetween": ("between", lambda x, ends: ends[0] <= x <= ends[1]),
    "mustNotBeBetween": ("not between", lambda x, ends: not ends[0] <= x <= ends[1]),
}


class QualityRuleError(Exception):
    """A rule in a dataset contract cannot be compiled; the message names it and says what to write."""


@dataclass(frozen=True)
class Threshold:
    """What a measured number must be; `unit` is rows, percent (of the table's rows) or hours."""

    operator: str
    value: Any
    unit: str = "rows"

    def holds(self, measured: float | None, rows: int) -> bool:
        """Whether a number is allowed for a table of so many rows; no number (nothing to measure) is."""
        if measured is None:
            return True
        if self.unit == "percent":
            measured = 100 * measured / rows if rows else 0
        return OPERATORS[self.operator][1](measured, self.value)

    def __str__(self) -> str:
        return f"{OPERATORS[self.operator][0]} {self.value} {self.unit}"


@dataclass(frozen=True)
class Rule:
    """One rule of one table.

    `measure` is a SQL expression that gives a number, beside others in one SELECT over the table.
    `counts_rows` says that the number is that of rows breaking the rule; `sample` then selects their keys
    (empty when none may be shown).
    """

    name: str
    severity: str
    dimension: str
    description: str
    measure: str
    threshold: Threshold
    counts_rows: bool
    sample: str = ""


def compile_rules(dataset: Dataset, history: Sequence[int] = ()) -> list[Rule]:
    """Every rule of a table; `history` has its row counts after committed runs. Raises QualityRuleError."""
    entries = [*_implied(dataset), *dataset.quality]
    names = [entry.get("name", "") for entry in entries]
    for name in names:
        if not name or names.count(name) > 1:
            raise QualityRuleError(f"{dataset.name}: every quality rule needs a name of its own; {name!r} is not")
    return [_compile(dataset, entry, history) for entry in entries if entry.get("type") != "text"]


def _implied(dataset: Dataset) -> list[Entry]:
    """Rules that the columns state already: required is there, the primary key is unique, no key is an orphan."""
    required: list[Entry] = [
        {
            "name": f"{column.name}_not_null",
            "property": column.name,
            "metric": "nullValues",
            "mustBe": 0,
            "severity": "fail",
            "dimension": "completeness",
            "description": f"Every row has {column.name}",
        }
        for column in dataset.columns
        if column.is_required
    ]
    unique: Entry = {
        "name": "primary_key_unique",
        "metric": "duplicateValues",
        "arguments": {"properties": dataset.primary_key},
        "mustBe": 0,
        "severity": "fail",
        "dimension": "uniqueness",
        "description": dataset.grain,
    }
    return [*required, unique, *(_reference(dataset, c.name, c.references) for c in dataset.columns if c.references)]


def _reference(dataset: Dataset, column: str, target: str) -> Entry:
    """Every value of a column is in the column it points at."""
    table, key = target.split(".")
    other = f"{dataset.zone}_{table}"
    condition = f"select 1 from {other} where {other}.{key} = {{object}}.{column}"
    return {
        "name": f"{column}_exists",
        "type": "sql",
        "query": f"select count(*) from {{object}} where not exists ({condition})",
        "mustBe": 0,
        "severity": "fail",
        "dimension": "consistency",
        "description": f"Every {column} is in {table}",
    }


def _compile(dataset: Dataset, entry: Entry, history: Sequence[int]) -> Rule:
    try:
        kind = entry.get("type", "library")
        measure = {"library": _library, "sql": _sql, "custom": _custom}[kind](dataset, entry)
        is_custom = kind == "custom"
        threshold = _custom_threshold(dataset, entry, history) if is_custom else _threshold(entry)
        if entry["severity"] not in SEVERITIES:
            raise QualityRuleError(f"severity is one of {SEVERITIES}, not {entry['severity']}")
        return Rule(
            name=entry["name"],
            severity=entry["severity"],
            dimension=entry["dimension"],
            description=entry["description"],
            measure=measure.sql.replace("{object}", _object(dataset)),
            threshold=threshold,
            counts_rows=bool(measure.broken),
            sample=_sample(dataset, entry, measure).replace("{object}", _object(dataset)),
        )
    except (QualityRuleError, KeyError, TypeError) as error:
        raise QualityRuleError(f"{dataset.name}, quality rule {entry.get('name')}: {error}") from error


@dataclass(frozen=True)
class _Measure:
    """A number as SQL and, when it counts rows, `from …` of those rows; `keys` are columns that name them."""

    sql: str
    broken: str = ""
    keys: tuple[str, ...] = ()


def _rows_where(condition: str) -> _Measure:
    return _Measure(f"count(case when {condition} then 1 end)", f"from {{object}} where {condition}")


def _library(dataset: Dataset, entry: Entry) -> _Measure:
    metric, arguments = entry["metric"], entry.get("arguments", {})
    if metric == "rowCount":
        return _Measure("count(*)")
    if metric == "duplicateValues":
        columns = [_column(dataset, c).name for c in arguments.get("properties", [entry.get("property")])]
        one = columns[0] if len(columns) == 1 else None
        listed = ", ".join(columns)
        sql = f"count({one}) - count(distinct {one})" if one else f"count(*) - count(distinct ({listed}))"
        filled = f"where {one} is not null " if one else ""
        return _Measure(sql, f"from {{object}} {filled}group by {listed} having count(*) > 1", tuple(columns))
    column = _column(dataset, entry.get("property")).name
    if metric == "nullValues":
        return _rows_where(f"{column} is null")
    if metric == "missingValues":
        equal = [f"{column} = {_literal(value)}" for value in arguments["missingValues"] if value is not None]
        return _rows_where(" or ".join([f"{column} is null", *equal]))
    if metric == "invalidValues" and "validValues" in arguments:
        return _rows_where(f"{column} not in ({', '.join(map(_literal, arguments['validValues']))})")
    if metric == "invalidValues" and "\\" not in arguments["pattern"]:
        return _rows_where(f"regexp_extract({column}, {_literal(arguments['pattern'])}, 0) = ''")
    if metric == "invalidValues":
        # Spark reads a backslash in a string as an escape, DuckDB does not.
        raise QualityRuleError("a pattern has no backslash; write [.] for a dot and [0-9] for a digit")
    raise QualityRuleError(f"{metric} is not a metric of the standard")


def _sql(dataset: Dataset, entry: Entry) -> _Measure:
    query = entry["query"].replace("{property}", entry.get("property", "{property}"))
    if (condition := ROW_CONDITION.fullmatch(query)) is not None:
        return _rows_where(f"({condition[1].strip()})")
    return _Measure(f"({query})", COUNT.sub("", query) if COUNT.match(query) else "")


def _custom(dataset: Dataset, entry: Entry) -> _Measure:
    check = entry["implementation"]["check"]
    if entry["engine"] != "cdp":
        raise QualityRuleError(f"only engine cdp can run here, not engine {entry['engine']}")
    if check == "row_count_history":
        return _Measure("count(*)")
    if check == "freshness":
        column = _column(dataset, entry["implementation"]["column"]).name
        newest = f"unix_micros(max(case when {column} <= :run_at then {column} end))"
        return _Measure(f"(unix_micros(:run_at) - {newest}) / 3600000000")
    raise QualityRuleError(f"{check} is not known; engine cdp has freshness and row_count_history")


def _threshold(entry: Entry) -> Threshold:
    stated = [name for name in OPERATORS if name in entry]
    if len(stated) != 1:
        raise QualityRuleError(f"exactly one of {sorted(OPERATORS)} is needed")
    unit = entry.get("unit", "rows")
    if unit not in ("rows", "percent"):
        raise QualityRuleError(f"unit is rows or percent, not {unit}")
    return Threshold(stated[0], entry[stated[0]], unit)


def _custom_threshold(dataset: Dataset, entry: Entry, history: Sequence[int]) -> Threshold:
    if entry["implementation"]["check"] == "freshness":
        value, unit = dataset.sla["latency"]
        return Threshold("mustBeLessOrEqualTo", value * HOURS[unit], "hours")
    kept = 1 - entry["implementation"]["max_drop_percent"] / 100
    return Threshold("mustBeGreaterOrEqualTo", ceil(median(history) * kept) if history else 0)


def _sample(dataset: Dataset, entry: Entry, measure: _Measure) -> str:
    """Keys of the rows that break a rule, in order; restricted columns are left out."""
    named = [p["value"] for p in entry.get("customProperties", []) if p["property"] == "keys"]
    keys = [_column(dataset, c) for c in (named[0] if named else measure.keys or dataset.primary_key)]
    shown = ", ".join(column.name for column in keys if column.classification != "restricted")
    return f"select distinct {shown} {measure.broken} order by {shown}" if shown and measure.broken else ""


def _column(dataset: Dataset, name: str | None) -> Column:
    for column in dataset.columns:
        if column.name == name:
            return column
    raise QualityRuleError(f"{dataset.name} has no column {name}")


def _object(dataset: Dataset) -> str:
    return dataset.name.replace(".", "_")


def _literal(value: Any) -> str:
    return "'" + value.replace("'", "''") + "'" if isinstance(value, str) else str(value)
