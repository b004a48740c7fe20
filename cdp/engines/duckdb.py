"""SQL steps on DuckDB: the embedded engine, one process, bounded memory, spilling to disk."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa

from cdp import resources
from cdp.dataset import Dataset

if TYPE_CHECKING:
    from cdp.aws.lake import Lake

ROWS_PER_REWRITE = 1_000_000
ARROW_BATCH_ROWS = 100_000


class StepError(Exception):
    """A SQL step failed; the message names the step and what the engine said."""


@dataclass(frozen=True)
class Change:
    """What writing a table changed, in rows; `rows` is its size afterwards."""

    inserted: int
    updated: int
    deleted: int
    rows: int


class DuckDBEngine:
    """Runs Spark-dialect SQL steps over named Arrow inputs and lake tables.

    A lake table `clean.customer` is known to the steps as `clean_customer`. Steps and inputs are materialised, in
    the order they are given; a step may be named again, the last one counts.
    """

    def __init__(self, lake: Lake | None = None, spill_dir: Path | None = None, memory_limit: str = "1GB") -> None:
        self._lake = lake
        self._spill = tempfile.TemporaryDirectory(prefix="cdp-duckdb-", dir=spill_dir, ignore_cleanup_errors=True)
        # In memory, and what does not fit goes to the spill folder: up to four times faster than a database file.
        self._connection = duckdb.connect(":memory:")
        self._connection.execute(f"set memory_limit = '{memory_limit}'")
        self._connection.execute(f"set temp_directory = '{self._spill.name}'")
        self._connection.execute("set preserve_insertion_order = false")
        self._connection.execute(resources.read_text("cdp/engines/duckdb_prelude.sql"))
        self._read: set[str] = set()

    @property
    def lake(self) -> Lake:
        """The lake whose tables it reads and writes; raises StepError when it was made without one."""
        if self._lake is None:
            raise StepError("this engine was made without a lake; give it one to read and write tables")
        return self._lake

    def close(self) -> None:
        """Free the memory and the spill files."""
        self._connection.close()
        self._spill.cleanup()

    def register(self, name: str, rows: pa.Table | pa.RecordBatchReader) -> None:
        """Give the steps an Arrow table or stream under a name."""
        self._connection.register("arriving", rows)
        self._connection.execute(f"create or replace table {name} as select * from arriving")
        self._connection.unregister("arriving")

    def append(self, name: str, rows: pa.Table | pa.RecordBatchReader) -> None:
        """Add rows to a registered input."""
        self._connection.register("arriving", rows)
        self._connection.execute(f"insert into {name} select * from arriving")
        self._connection.unregister("arriving")

    def read(self, name: str) -> None:
        """Give the steps a lake table, as it is for this run."""
        if name not in self._read:
            self.register(name.replace(".", "_"), self.lake.read(name))
            self._read.add(name)

    def step(self, name: str, sql: str, parameters: Mapping[str, Any] | None = None) -> None:
        """Run one named step; `:name` in the text stands for a parameter. Raises StepError."""
        try:
            self._connection.execute(f"create or replace table {name} as {bind(sql, parameters or {})}")
        except duckdb.Error as error:
            raise StepError(f"step {name}: {error}") from error

    def query(self, sql: str, parameters: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        """Rows of a small result."""
        try:
            cursor = self._connection.execute(bind(sql, parameters or {}))
        except duckdb.Error as error:
            raise StepError(f"query failed: {error}") from error
        columns = [d[0] for d in cursor.description or []]
        return [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]

    def arrow(self, name: str) -> pa.RecordBatchReader:
        """Stream the rows of a step or input."""
        return self._connection.cursor().execute(f"select * from {name}").to_arrow_reader(ARROW_BATCH_ROWS)

    def write(self, name: str, step: str) -> Change:
        """Make the rows of a step the content of a lake table, rewriting only partitions whose rows changed.

        Rows are cast to the dataset contract and compared with the table by primary key; writing the same rows
        again makes no snapshot.
        """
        dataset = Dataset.load(name)
        self.read(name)
        old, new = name.replace(".", "_"), f"writing_{name.replace('.', '_')}"
        self.step(new, f"select {_casts(dataset)} from {step}")
        change = self._compare(dataset, old, new)
        if change.inserted or change.updated or change.deleted:
            self.lake.rewrite(name, self._parts(dataset, new))
        self._connection.execute(f"drop table {old}; alter table {new} rename to {old}")
        return change

    def _compare(self, dataset: Dataset, old: str, new: str) -> Change:
        """Full join on the key; the rows that differ stay in `changed`, with their partition before and after."""
        keys = " and ".join(f"n.{k} is not distinct from o.{k}" for k in dataset.primary_key)
        new_row, old_row = (", ".join(f"{side}.{c.name}" for c in dataset.columns) for side in "no")
        partitions = "".join(f", n.{p} as new_partition, o.{p} as old_partition" for p in dataset.partition_by)
        self.step(
            "changed",
            f"""select case when o.is_there is null then 'inserted'
                            when n.is_there is null then 'deleted' else 'updated' end as kind {partitions}
                from (select *, true as is_there from {new}) n
                full join (select *, true as is_there from {old}) o on {keys}
                where n.is_there is null or o.is_there is null or row({new_row}) is distinct from row({old_row})""",
        )
        kinds = {row["kind"]: row["n"] for row in self.query("select kind, count(*) as n from changed group by kind")}
        rows = self.query(f"select count(*) as n from {new}")[0]["n"]
        return Change(kinds.get("inserted", 0), kinds.get("updated", 0), kinds.get("deleted", 0), rows)

    def _parts(self, dataset: Dataset, new: str) -> Iterator[tuple[pa.Table | pa.RecordBatchReader, list[Any] | None]]:
        schema = dataset.arrow_schema()
        if not dataset.partition_by:
            yield self.arrow(new).cast(schema), None
            return
        partition = dataset.partition_by[0]
        touched = self.query(
            f"""select p as value, coalesce(n, 0) as n
                from (select new_partition as p from changed union select old_partition from changed) t
                left join (select {partition} as p, count(*) as n from {new} group by 1) using (p)
                where p is not null order by p"""
        )
        for values in _bounded(touched, ROWS_PER_REWRITE):
            cursor = self._connection.cursor()
            listed = ", ".join(literal(v) for v in values)
            cursor.execute(f"select * from {new} where {partition} in ({listed})")
            yield cursor.to_arrow_table().cast(schema), values


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
        return "'" + value.replace("'", "''") + "'"
    if isinstance(value, list | tuple | set | frozenset):
        return "(" + ", ".join(literal(v) for v in value) + ")"
    raise StepError(f"a parameter of type {type(value).__name__} has no SQL literal")


def _casts(dataset: Dataset) -> str:
    return ", ".join(f"cast({c.name} as {c.type}) as {c.name}" for c in dataset.columns)


def _bounded(touched: list[dict[str, Any]], most: int) -> Iterator[list[Any]]:
    """Partition values in groups of at most `most` rows (or one partition)."""
    group: list[Any] = []
    rows = 0
    for partition in touched:
        if group and rows + partition["n"] > most:
            yield group
            group, rows = [], 0
        group.append(partition["value"])
        rows += partition["n"]
    if group:
        yield group
