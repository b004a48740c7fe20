"""The expression matrix runs the same way on every engine and gives comparable answers.

An answer is {"type": …, "rows": […]}: the columns' Spark types and the rows' values as JSON can hold them, exactly.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    import duckdb
    from pyspark.sql import SparkSession

FOLDER = Path(__file__).parent
TABLE = yaml.safe_load((FOLDER / "expressions.yml").read_text())
INPUTS: dict[str, dict[str, Any]] = TABLE["inputs"]
ENTRIES: list[dict[str, Any]] = TABLE["entries"]
ANSWERS = FOLDER / "spark_answers.json"

Answer = dict[str, Any]

DUCKDB_TYPES = {
    "VARCHAR": "string",
    "INTEGER": "int",
    "TIMESTAMP WITH TIME ZONE": "timestamp",
}
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
VALUES: dict[str, Callable[[Any], Any]] = {
    "date": date.fromisoformat,
    "timestamp_ltz": lambda text: datetime.fromisoformat(text).astimezone(UTC),
}


def text_of(entry: dict[str, Any]) -> str:
    """What an entry states: its expression, aggregate or query."""
    return next(str(entry[kind]) for kind in ("expression", "aggregate", "query") if kind in entry)


def key_of(entry: dict[str, Any]) -> str:
    """The name of an entry's answers."""
    return f"{text_of(entry)} [{entry['input']}]"


def queries(entry: dict[str, Any]) -> list[str]:
    """The SQL that answers an entry, over a table `input`."""
    text, result = text_of(entry), entry.get("type")
    if "expression" in entry:
        return [f"select n, cast({text} as {result}) as answer from input"]
    if "aggregate" in entry:
        group = next(iter(INPUTS[entry["input"]]["columns"]))
        answer = f"cast({text} as {result}) as answer"
        return [f"select {answer} from input", f"select {group}, {answer} from input group by {group}"]
    return [text]


def columns(name: str) -> dict[str, str]:
    """Columns of an input with their Spark types."""
    return {"n": "int", **INPUTS[name]["columns"]}


def rows(name: str) -> list[tuple[Any, ...]]:
    """Rows of an input as Python values."""
    kinds = list(columns(name).values())
    return [
        tuple(v if v is None or k not in VALUES else VALUES[k](v) for v, k in zip((i, *row), kinds, strict=True))
        for i, row in enumerate(INPUTS[name]["rows"])
    ]


@cache
def recorded() -> dict[str, list[Answer]]:
    """Spark's answers by entry."""
    return json.loads(ANSWERS.read_text())


def ask_duckdb(connection: duckdb.DuckDBPyConnection, entry: dict[str, Any]) -> list[Answer]:
    """DuckDB's answers; raises duckdb.Error."""
    listed = ", ".join(f"{name} {kind}" for name, kind in columns(entry["input"]).items())
    connection.execute(f"create or replace temporary table input ({listed})")
    if content := rows(entry["input"]):
        connection.executemany(f"insert into input values ({', '.join('?' * len(content[0]))})", content)
    answers = []
    for query in queries(entry):
        asked = connection.sql(query)
        kinds = [DUCKDB_TYPES.get(str(t), str(t).lower()) for t in asked.types]
        plain = [f"epoch_us({c})" if k == "timestamp" else c for c, k in zip(asked.columns, kinds, strict=True)]
        answers.append(_answer(kinds, asked.project(", ".join(plain)).fetchall()))
    return answers


def ask_spark(session: SparkSession, entry: dict[str, Any]) -> list[Answer]:
    """Spark's answers; raises PySparkException."""
    schema = ", ".join(f"{name} {kind}" for name, kind in columns(entry["input"]).items())
    session.createDataFrame(rows(entry["input"]), schema).createOrReplaceTempView("input")
    answers = []
    for query in queries(entry):
        asked = session.sql(query)
        kinds = [kind for _, kind in asked.dtypes]
        # Python cannot hold Spark's times at the ends of the calendar.
        plain = [f"unix_micros({c})" if k == "timestamp" else c for c, k in asked.dtypes]
        answers.append(_answer(kinds, [tuple(row) for row in asked.selectExpr(*plain).collect()]))
    return answers


def _answer(kinds: list[str], found: list[tuple[Any, ...]]) -> Answer:
    plain = [[_plain(v, k) for v, k in zip(row, kinds, strict=True)] for row in found]
    return {"type": kinds, "rows": sorted(plain, key=lambda row: json.dumps(row, ensure_ascii=False))}


def _plain(value: Any, kind: str) -> Any:
    if value is None:
        return None
    if kind == "timestamp":
        try:
            return (EPOCH + timedelta(microseconds=value)).isoformat()
        except OverflowError:
            return f"{value} us"
    if isinstance(value, Decimal | date):
        return str(value)
    return value
