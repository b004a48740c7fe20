"""SQL steps on Spark: the same texts as on DuckDB, for more data than one machine holds. Runs in AWS Glue.

Rows come in and go out as Parquet files in the engine's work folder, and every step is written there: a step may
then be made anew from itself, an executor that is lost loses nothing, and no driver has to hold a table.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cached_property
from itertools import count
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
from py4j.protocol import Py4JJavaError
from pyarrow.fs import FileSystem, FileType
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as f
from pyspark.sql.types import TimestampType

from cdp.dataset import Dataset
from cdp.engines.change import Change, compare, touched_partitions
from cdp.engines.sql_text import StepError, bind, casts, literal

if TYPE_CHECKING:
    from cdp.aws.lake import Lake

# The Iceberg catalog's name in Spark. Its settings are static: they come with the session (in Glue: `--conf`).
CATALOG = "lake"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SETTINGS = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "false",
    "spark.sql.timestampType": "TIMESTAMP_LTZ",
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
    "spark.sql.parquet.datetimeRebaseModeInRead": "CORRECTED",
    "spark.sql.parquet.datetimeRebaseModeInWrite": "CORRECTED",
    "spark.sql.parquet.compression.codec": "zstd",
    "spark.sql.caseSensitive": "false",
}


# What a plan says is wrong arrives as the first, what an executor meets as the second.
FAILURES = (PySparkException, Py4JJavaError)


class SparkEngine:
    """Runs Spark SQL steps over named Arrow inputs and lake tables.

    A lake table `clean.customer` is known to the steps as `clean_customer`. Steps and inputs are materialised, in
    the order they are given; a step may be named again, the last one counts. `work_folder` is a URI that the driver
    and every executor can write to (`s3://…`); without one it is a folder of this machine.
    """

    hash_function = "xxhash64"

    def __init__(self, lake: Lake | None = None, work_folder: str | None = None) -> None:
        self._lake = lake
        self._local = None if work_folder else tempfile.TemporaryDirectory(prefix="cdp-spark-")
        self._work = work_folder or f"file://{self._local.name if self._local else ''}"
        self._files, self._root = FileSystem.from_uri(self._work)
        self._numbers = count()
        self._folders: dict[str, str] = {}
        self._read: set[str] = set()

    @cached_property
    def session(self) -> SparkSession:
        """A session of its own in the application that runs: names and settings do not meet those of another."""
        session = SparkSession.builder.getOrCreate().newSession()
        for name, value in SETTINGS.items():
            session.conf.set(name, value)
        return session

    @property
    def lake(self) -> Lake:
        """The lake whose tables it reads and writes; raises StepError when it was made without one."""
        if self._lake is None:
            raise StepError("this engine was made without a lake; give it one to read and write tables")
        return self._lake

    def close(self) -> None:
        """Delete the work files; the Spark application goes on until its process ends."""
        for folder in self._folders.values():
            self._delete(folder)
        self._folders.clear()
        if self._local is not None:
            self._local.cleanup()

    def register(self, name: str, rows: pa.Table | pa.RecordBatchReader) -> None:
        """Give the steps an Arrow table or stream under a name."""
        self._materialise(name, lambda folder: self._upload(folder, rows))

    def collect(self, name: str, schema: pa.Schema, tables: Iterable[pa.Table]) -> None:
        """Give the steps the rows of tables that are made one by one; an error in making them is raised as it is."""
        batches = (batch for table in tables for batch in table.to_batches())
        self.register(name, pa.RecordBatchReader.from_batches(schema, batches))

    def read(self, name: str, columns: Sequence[str] | None = None) -> None:
        """Give the steps a lake table, as it is for this run; all of its columns, or those named."""
        if name not in self._read:
            snapshot = self.lake.snapshot_id(name)
            rows = self.session.read.option("snapshot-id", snapshot).table(self._table(name))
            # A column that the contract has got since is null.
            wanted = [
                f.col(c.name)
                if c.name in rows.columns
                else f.lit(None).cast(c.type.replace("timestamp_ltz", "timestamp")).alias(c.name)
                for c in Dataset.load(name).columns
                if columns is None or c.name in columns
            ]
            rows = rows.select(*wanted)
            rows.createOrReplaceTempView(name.replace(".", "_"))
            self._read.add(name)

    def forget(self, *names: str) -> None:
        """Free what these tables, inputs and steps hold; a table may be read anew, a step made again."""
        for name in names:
            self._read.discard(name)
            view = name.replace(".", "_")
            self.session.catalog.dropTempView(view)
            if folder := self._folders.pop(view, None):
                self._delete(folder)

    def step(self, name: str, sql: str, parameters: Mapping[str, Any] | None = None) -> None:
        """Run one named step; `:name` in the text stands for a parameter. Raises StepError."""
        text = bind(sql, parameters or {})
        try:
            self._materialise(name, lambda folder: self.session.sql(text).write.parquet(self._uri(folder)))
        except FAILURES as error:
            raise StepError(f"step {name}: {error}") from error

    def query(self, sql: str, parameters: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        """Rows of a small result."""
        try:
            found = self.session.sql(bind(sql, parameters or {}))
            times = {c.name for c in found.schema if isinstance(c.dataType, TimestampType)}
            # As Python times Spark would give the machine's time zone and fail at the ends of the calendar.
            plain = found.select(*(f.unix_micros(c).alias(c) if c in times else f.col(c) for c in found.columns))
            rows = [row.asDict() for row in plain.collect()]
        except FAILURES as error:
            raise StepError(f"query failed: {error}") from error
        return [{c: _time(v) if c in times else v for c, v in row.items()} for row in rows]

    def arrow(self, name: str) -> pa.RecordBatchReader:
        """Stream the rows of a step or input."""
        if name not in self._folders:
            self.step(name, f"select * from {name}")
        return ds.dataset(self._folders[name], filesystem=self._files, format="parquet").scanner().to_reader()

    def splink(self) -> Any:
        """Splink's access to the steps, with the text functions that Spark lacks (a jar in Splink's own package)."""
        from splink import SparkAPI
        from splink.backends.spark import similarity_jar_location

        self.session.sql(f"add jar '{similarity_jar_location()}'")
        return SparkAPI(spark_session=self.session, break_lineage_method="persist")

    def write(self, name: str, step: str) -> Change:
        """Make the rows of a step the content of a lake table, rewriting only partitions whose rows changed.

        Rows are cast to the dataset contract and compared with the table by primary key; writing the same rows
        again makes no snapshot.
        """
        dataset = Dataset.load(name)
        self.read(name)
        old, new = name.replace(".", "_"), f"writing_{name.replace('.', '_')}"
        self.step(new, f"select {casts(dataset)} from {step}")
        change = compare(self, dataset, old, new)
        if change.is_any:
            self._rewrite(dataset, new)
        self._rename(new, old)
        return change

    def _rewrite(self, dataset: Dataset, new: str) -> None:
        """One commit of the catalog Spark knows natively, on the run's branch."""
        rows, replaced = self.session.table(new), f.lit(True)
        if dataset.partition_by:
            # In SQL: Python's dates would pass through Java's old calendar, which has other days before 1582.
            values = [partition["value"] for partition in touched_partitions(self, dataset, new)]
            replaced = f.expr(f"{dataset.partition_by[0]} in {literal(values)}")
            rows = rows.where(replaced)
        branch = self.lake.start_branch(dataset.name)
        rows.writeTo(f"{self._table(dataset.name)}.branch_{branch}").overwrite(replaced)
        self.lake.refresh(dataset.name)

    def _table(self, name: str) -> str:
        return ".".join((CATALOG, *self.lake.identifier(name)))

    def _materialise(self, name: str, write: Any) -> None:
        """Let `write` fill a new folder, then let the name stand for it."""
        folder = f"{self._root}/{name}-{next(self._numbers)}"
        write(folder)
        self._stand_for(name, folder)

    def _rename(self, name: str, other: str) -> None:
        self._stand_for(other, self._folders.pop(name))

    def _stand_for(self, name: str, folder: str) -> None:
        before = self._folders.get(name)
        self._folders[name] = folder
        self._show(name)
        if before:
            self._delete(before)

    def _show(self, name: str) -> None:
        rows: DataFrame = self.session.read.parquet(self._uri(self._folders[name]))
        rows.createOrReplaceTempView(name)

    def _upload(self, folder: str, rows: pa.Table | pa.RecordBatchReader) -> None:
        self._files.create_dir(folder, recursive=True)
        path = f"{folder}/part-{next(self._numbers):05d}.parquet"
        with pq.ParquetWriter(path, rows.schema, filesystem=self._files, compression="zstd") as file:
            for batch in rows.to_batches() if isinstance(rows, pa.Table) else rows:
                file.write_batch(batch)

    def _delete(self, folder: str) -> None:
        if self._files.get_file_info(folder).type is FileType.Directory:
            self._files.delete_dir(folder)

    def _uri(self, folder: str) -> str:
        return self._work + folder.removeprefix(self._root)


def _time(micros: int | None) -> datetime | None:
    return None if micros is None else EPOCH + timedelta(microseconds=micros)
