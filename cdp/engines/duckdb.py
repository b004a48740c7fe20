"""SQL steps on DuckDB: the embedded engine, one process, bounded memory, spilling to disk."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa

from cdp import resources
from cdp.dataset import Dataset
from cdp.engines.change import Change, compare, touched_partitions
from cdp.engines.sql_text import StepError, bind, casts, literal

if TYPE_CHECKING:
    from cdp.aws.lake import Lake

ROWS_PER_REWRITE = 250_000  # outside the engine's memory limit, and as Arrow up to 1 KB each
ARROW_BATCH_ROWS = 100_000


class DuckDBEngine:
    """Runs Spark-dialect SQL steps over named Arrow inputs and lake tables.

    A lake table `clean.customer` is known to the steps as `clean_customer`. Steps and inputs are materialised, in
    the order they are given; a step may be named again, the last one counts. With `few_rows` they run on one thread
    and as they are written: planning and sharing would take longer than the work.
    """

    hash_function = "hash"

    def __init__(
        self,
        lake: Lake | None = None,
        spill_dir: Path | None = None,
        memory_limit: str = "1GB",
        few_rows: bool = False,
    ) -> None:
        self._lake = lake
        self._spill = tempfile.TemporaryDirectory(prefix="cdp-duckdb-", dir=spill_dir, ignore_cleanup_errors=True)
        # In memory, and what does not fit goes to the spill folder: up to four times faster than a database file.
        self._connection = duckdb.connect(":memory:")
        self._connection.execute(f"set memory_limit = '{memory_limit}'")
        self._connection.execute(f"set temp_directory = '{self._spill.name}'")
        if few_rows:
            self._connection.execute("set threads = 1")
            self._connection.execute("pragma disable_optimizer")
        self._connection.execute("set preserve_insertion_order = false")
        # A checkpoint looks through all tables for deleted rows; steps delete none, and what they drop is free at once.
        self._connection.execute("set checkpoint_threshold = '1TB'")
        self._connection.execute(resources.read_text("cdp/engines/duckdb_prelude.sql"))
        self._numbers = count()
        self._tables: dict[str, str] = {}
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
        self._materialise(name, "select * from arriving")
        self._connection.unregister("arriving")

    def collect(self, name: str, schema: pa.Schema, tables: Iterable[pa.Table]) -> None:
        """Give the steps the rows of tables that are made one by one; an error in making them is raised as it is."""
        errors: list[Exception] = []

        def batches() -> Iterator[pa.RecordBatch]:
            try:
                for table in tables:
                    yield from table.to_batches()
            except Exception as error:
                errors.append(error)
                raise

        try:
            # In one statement: rows inserted in many small ones take five times as long.
            self.register(name, pa.RecordBatchReader.from_batches(schema, batches()))
        except duckdb.Error:
            # Of what happened in a stream DuckDB knows the words only.
            if errors:
                raise errors[0] from None
            raise

    def read(self, name: str, columns: Sequence[str] | None = None) -> None:
        """Give the steps a lake table, as it is for this run; all of its columns, or those named."""
        if name not in self._read:
            self.register(name.replace(".", "_"), self.lake.read(name, columns))
            self._read.add(name)

    def forget(self, *names: str) -> None:
        """Free what these tables, inputs and steps hold; a table may be read anew, a step made again."""
        for name in names:
            self._read.discard(name)
            view = name.replace(".", "_")
            self._connection.execute(f"drop view {view}")
            self._drop_unless_used(self._tables.pop(view))

    def step(self, name: str, sql: str, parameters: Mapping[str, Any] | None = None) -> None:
        """Run one named step; `:name` in the text stands for a parameter. Raises StepError."""
        try:
            self._materialise(name, bind(sql, parameters or {}))
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
        return self._stream(f"select * from {name}", ARROW_BATCH_ROWS)

    def splink(self) -> Any:
        """Splink's access to the steps; only matching needs its library."""
        from splink import DuckDBAPI

        return DuckDBAPI(self._connection)

    def write(self, name: str, step: str) -> Change:
        """Make the rows of a step the content of a lake table, rewriting only partitions whose rows changed.

        Rows are cast to the dataset contract and compared with the table by primary key; writing the same rows
        again makes no snapshot.
        """
        dataset = Dataset.load(name)
        self.read(name)
        old, new = name.replace(".", "_"), f"writing_{name.replace('.', '_')}"
        rows = f"select {casts(dataset)} from {step}"
        if step in self._tables and self._columns(f"select * from {step}") == self._columns(rows):
            self._stand_for(new, self._tables[step])
        else:
            self.step(new, rows)
        change = compare(self, dataset, old, new)
        if change.is_any:
            self.lake.rewrite(name, self._parts(dataset, new))
        self._stand_for(old, self._tables[new])
        self.forget(new)
        return change

    def _columns(self, sql: str) -> list[tuple[str, str]]:
        return [(c["column_name"], c["column_type"]) for c in self.query(f"describe {sql}")]

    def _materialise(self, name: str, sql: str) -> None:
        """Make a new table of the rows, then let the name stand for it: the text may read what the name stood for."""
        table = f"rows_{next(self._numbers)}"
        self._connection.execute(f"create table {table} as {sql}")
        self._stand_for(name, table)

    def _stand_for(self, name: str, table: str) -> None:
        before = self._tables.get(name)
        self._tables[name] = table
        self._connection.execute(f"create or replace view {name} as select * from {table}")
        if before is not None:
            self._drop_unless_used(before)

    def _drop_unless_used(self, table: str) -> None:
        if table not in self._tables.values():
            self._connection.execute(f"drop table {table}")

    def _parts(self, dataset: Dataset, new: str) -> Iterator[tuple[pa.RecordBatchReader, list[Any] | None]]:
        if not dataset.partition_by:
            yield self._stream(f"select * from {new}", ROWS_PER_REWRITE).cast(dataset.arrow_schema()), None
            return
        partition, schema = dataset.partition_by[0], dataset.arrow_schema()
        touched = touched_partitions(self, dataset, new)
        values = literal([found["value"] for found in touched])
        # All in order, in one pass: a pass for each part would read all rows as often as there are parts.
        sql = f"select * from {new} where {partition} in {values} order by {partition}"
        ordered = _Ordered(self._stream(sql, ARROW_BATCH_ROWS).cast(schema))
        for partitions, rows in _bounded(touched, ROWS_PER_REWRITE):
            yield pa.RecordBatchReader.from_batches(schema, ordered.take(rows)), partitions

    def _stream(self, sql: str, batch_rows: int) -> pa.RecordBatchReader:
        return self._connection.cursor().execute(sql).to_arrow_reader(batch_rows)


def _bounded(touched: list[dict[str, Any]], most: int) -> Iterator[tuple[list[Any], int]]:
    """Partition values in groups of at most `most` rows (or one partition), with their rows."""
    group: list[Any] = []
    rows = 0
    for partition in touched:
        if group and rows + partition["n"] > most:
            yield group, rows
            group, rows = [], 0
        group.append(partition["value"])
        rows += partition["n"]
    if group:
        yield group, rows


class _Ordered:
    """Rows of a stream, taken from its front."""

    def __init__(self, rows: pa.RecordBatchReader) -> None:
        self._rows, self._left = rows, rows.schema.empty_table()

    def take(self, rows: int) -> Iterator[pa.RecordBatch]:
        """The next so many rows, in pieces of at most ROWS_PER_REWRITE; to be used up before more are taken."""
        for start in range(0, rows, ROWS_PER_REWRITE):
            size = min(ROWS_PER_REWRITE, rows - start)
            while self._left.num_rows < size:
                batch = pa.Table.from_batches([self._rows.read_next_batch()])
                self._left = pa.concat_tables([self._left, batch])
            piece, self._left = self._left.slice(0, size), self._left.slice(size)
            yield from piece.combine_chunks().to_batches()
