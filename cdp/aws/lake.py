"""The lake's tables are Apache Iceberg in the Glue catalog, written on a run's branch and published at its end.

Write, audit, publish: whatever a run writes lies on its own branch until `publish`, so a run that fails leaves
every table at its last good snapshot, and its rejected output can be looked into on the branch.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property, partial
from typing import Any, TypeAlias, TypeVar

import boto3
import pyarrow as pa
from pyiceberg.catalog import Catalog, load_catalog
from pyiceberg.exceptions import NoSuchTableError
from pyiceberg.expressions import AlwaysTrue, BooleanExpression, In
from pyiceberg.io.pyarrow import ArrowScan, schema_to_pyarrow
from pyiceberg.table import DataScan, FileScanTask, Table
from pyiceberg.table.snapshots import is_ancestor_of

from cdp.aws.lake_table import MAIN, committed, completed, create_table, remove_branch, with_conflicts_told
from cdp.dataset import Dataset
from cdp.settings import Settings

Rows: TypeAlias = pa.Table | pa.RecordBatchReader
Item = TypeVar("Item")

CATALOG = "lake"
ROWS_AT_ONCE = 250_000  # of small files several are read at a time, of large ones one


class LakeError(Exception):
    """A lake table cannot be used as asked; the message names it."""


class Lake:
    """Reads and writes Iceberg tables named `<zone>.<table>`; what does not exist yet is created from its contract.

    With a branch, reads see the branch where the table has it (main elsewhere) and writes go to it.
    """

    def __init__(self, settings: Settings, branch: str = MAIN) -> None:
        self.settings = settings
        self.branch = branch
        self._tables: dict[str, Table] = {}

    @cached_property
    def _catalog(self) -> Catalog:
        if self.settings.catalog is not None:
            return with_conflicts_told(load_catalog(CATALOG, **self.settings.catalog))
        # pyarrow's S3 client, unlike botocore, reads neither AWS_ENDPOINT_URL nor the region of the session.
        properties = {"s3.region": boto3.Session().region_name}
        if endpoint := os.environ.get("AWS_ENDPOINT_URL_S3", os.environ.get("AWS_ENDPOINT_URL")):
            properties["s3.endpoint"] = endpoint
        return with_conflicts_told(load_catalog(CATALOG, type="glue", **properties))

    def read(
        self, name: str, columns: Sequence[str] | None = None, snapshot_id: int | None = None
    ) -> pa.RecordBatchReader:
        """Stream a table's rows, as they are for this run or as they were at a snapshot.

        A column that the contract had not yet when the snapshot was written is null.
        """
        table, contract = self._table(name), Dataset.load(name).arrow_schema()
        wanted = contract if columns is None else pa.schema([contract.field(c) for c in columns])
        seen = snapshot_id or table.refs()[self._ref(table)].snapshot_id
        there = _columns_at(table, seen)
        scan = table.scan(selected_fields=tuple(c for c in wanted.names if c in there), snapshot_id=seen)
        reader = pa.RecordBatchReader.from_batches(schema_to_pyarrow(scan.projection()), _batches(scan))
        return _widened(reader, wanted)

    def create_missing(self, names: Iterable[str]) -> None:
        """Create what does not exist yet; jobs that only read a zone may not."""
        for name in names:
            self._table(name)

    def snapshot_id(self, name: str) -> int:
        """Id of the snapshot that `read` sees now."""
        table = self._table(name)
        return table.refs()[self._ref(table)].snapshot_id

    def has_snapshot(self, name: str, snapshot_id: int) -> bool:
        """Whether `read` can give a snapshot: it has not expired, and has every column that the contract has now."""
        table = self._table(name)
        if table.snapshot_by_id(snapshot_id) is None:
            return False
        return {c.name for c in Dataset.load(name).columns} <= _columns_at(table, snapshot_id)

    def row_count(self, name: str) -> int:
        """Rows that `read` would give, from the snapshot's own summary."""
        snapshot = self._table(name).snapshot_by_id(self.snapshot_id(name))
        summary = snapshot.summary if snapshot else None
        return int(summary["total-records"] or 0) if summary else 0

    def rewrite(self, name: str, parts: Iterable[tuple[Rows, Sequence[Any] | None]]) -> None:
        """Replace partitions of a table on this lake's branch, in one commit.

        Each part is rows and the partition values whose whole content they become; None stands for all of it. Each
        batch of a stream becomes files of its own, so that two batches are in memory: one is written while the next is
        made.
        """
        table = self._table(name)
        partition_by = Dataset.load(name).partition_by
        # In a commit of its own: repeating a commit of rows, pyiceberg would forget where their branch began.
        self.start_branch(name)
        with table.transaction() as transaction:
            for partitions, rows in _made_ahead(_pieces(parts)):
                if rows is not None:
                    transaction.append(rows, branch=self.branch)
                    continue
                where = AlwaysTrue() if partitions is None else _is_in(partition_by[0], partitions)
                if self._holds_any(table, where):
                    transaction.delete(where, branch=self.branch)

    def start_branch(self, name: str) -> str:
        """Name of the branch that an engine which commits by itself is to write to; it exists afterwards."""
        table = self._table(name)
        committed(table, lambda: self._start_branch(table))
        return self.branch

    def refresh(self, name: str) -> None:
        """See what an engine has committed by itself."""
        self._table(name).refresh()

    def discard(self, names: Iterable[str]) -> None:
        """Forget what this run wrote to these tables, so that a repeated job starts from the published state."""
        for _, table in self._on_branch(names):
            remove_branch(table, self.branch)

    def publish(self) -> list[str]:
        """Make what this run wrote the published state of each table; names of the tables that changed.

        Raises LakeError before anything is published when somebody wrote to a table since the run began: the run
        has not seen it, and publishing would undo it.
        """
        written = list(self._on_branch(dataset.name for dataset in Dataset.all()))
        for name, table in written:
            self._require_all_of_main(name, table)
        for name, table in written:
            committed(table, partial(self._publish, name, table))
        return [name for name, _ in written]

    def tables(self) -> Iterator[tuple[str, Table]]:
        """Name and Iceberg table of every dataset that has one."""
        for dataset in Dataset.all():
            if (table := self._existing(dataset.name)) is not None:
                yield dataset.name, table

    def _start_branch(self, table: Table) -> None:
        if self.branch not in table.refs():
            table.manage_snapshots().create_branch(table.refs()[MAIN].snapshot_id, self.branch).commit()

    def _publish(self, name: str, table: Table) -> None:
        if self.branch in table.refs():
            self._require_all_of_main(name, table)
            table.manage_snapshots().set_current_snapshot(ref_name=self.branch).remove_branch(self.branch).commit()

    def _require_all_of_main(self, name: str, table: Table) -> None:
        heads = table.refs()
        if not is_ancestor_of(heads[self.branch].snapshot_id, heads[MAIN].snapshot_id, table.metadata):
            raise LakeError(
                f"{name} was written to while the run went on, and publishing would undo that; "
                "start a new execution, it takes the same batches"
            )

    def _on_branch(self, names: Iterable[str]) -> Iterator[tuple[str, Table]]:
        """Those of the tables that have this run's branch."""
        for name in names if self.branch != MAIN else ():
            table = self._existing(name)
            if table is not None and self.branch in table.refs():
                yield name, table

    def _ref(self, table: Table) -> str:
        return self.branch if self.branch in table.refs() else MAIN

    def _holds_any(self, table: Table, where: BooleanExpression) -> bool:
        return any(True for _ in table.scan(row_filter=where).use_ref(self._ref(table)).plan_files())

    def _table(self, name: str) -> Table:
        return self._existing(name) or self._create(name)

    def _existing(self, name: str) -> Table | None:
        if name not in self._tables:
            try:
                table = self._catalog.load_table(self.identifier(name))
            except NoSuchTableError:
                return None
            self._tables[name] = completed(table, Dataset.load(name))
        return self._tables[name]

    def identifier(self, name: str) -> tuple[str, str]:
        """Database and name of a table in the catalog."""
        dataset = Dataset.load(name)
        return self.settings.database(dataset.zone), dataset.table

    def _location(self, dataset: Dataset) -> str:
        if self.settings.catalog is not None:
            return f"{self.settings.catalog['warehouse']}/{dataset.zone}/{dataset.table}"
        return f"s3://{self.settings.bucket(dataset.zone)}/{dataset.table}"

    def _create(self, name: str) -> Table:
        dataset = Dataset.load(name)
        if self.settings.catalog is not None:
            self._catalog.create_namespace_if_not_exists(self.settings.database(dataset.zone))
        self._tables[name] = create_table(self._catalog, self.identifier(name), self._location(dataset), dataset)
        return self._tables[name]


def _columns_at(table: Table, snapshot_id: int) -> set[str]:
    snapshot = table.snapshot_by_id(snapshot_id)
    is_dated = snapshot is not None and snapshot.schema_id is not None
    schema = table.schemas()[snapshot.schema_id] if is_dated else table.schema()  # type: ignore[union-attr, index]
    return set(schema.column_names)


def _widened(reader: pa.RecordBatchReader, wanted: pa.Schema) -> pa.RecordBatchReader:
    """The rows with the wanted columns in their order; those that are not there are null."""
    there = reader.schema.names
    if there == wanted.names:
        return reader.cast(wanted)

    def batches() -> Iterator[pa.RecordBatch]:
        for batch in reader:
            columns = [
                batch.column(field.name).cast(field.type) if field.name in there else pa.nulls(len(batch), field.type)
                for field in wanted
            ]
            yield pa.RecordBatch.from_arrays(columns, schema=wanted)

    return pa.RecordBatchReader.from_batches(wanted, batches())


def _batches(scan: DataScan) -> Iterator[pa.RecordBatch]:
    """Rows of a scan; pyiceberg's own stream reads all files at once, however fast their rows are taken."""
    files = ArrowScan(scan.table_metadata, scan.io, scan.projection(), scan.row_filter, scan.case_sensitive)
    some: list[FileScanTask] = []
    for task in scan.plan_files():
        if sum(t.file.record_count for t in [*some, task]) > ROWS_AT_ONCE:
            yield from files.to_record_batches(some)
            some = []
        some.append(task)
    yield from files.to_record_batches(some)


def _pieces(
    parts: Iterable[tuple[Rows, Sequence[Any] | None]],
) -> Iterator[tuple[Sequence[Any] | None, pa.Table | None]]:
    """Of each part its partitions, without rows, then its rows, of which pyiceberg would hold a whole stream."""
    for rows, partitions in parts:
        yield partitions, None
        for table in [rows] if isinstance(rows, pa.Table) else (pa.Table.from_batches([batch]) for batch in rows):
            if table.num_rows:
                yield partitions, table


def _made_ahead(items: Iterator[Item]) -> Iterator[Item]:
    """The items, each made while the one before is used; an error in making one is raised in its place."""
    with ThreadPoolExecutor(1) as thread:
        coming = thread.submit(next, items, None)
        while (item := coming.result()) is not None:
            coming = thread.submit(next, items, None)
            yield item


def _is_in(column: str, values: Sequence[Any]) -> BooleanExpression:
    return In(column, set(values))  # type: ignore[call-arg, arg-type]  # pydantic hides the real constructor
