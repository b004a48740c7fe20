"""Loads what changed in the star since the warehouse's last load, exactly once and all tables together.

What was loaded last stands in the warehouse's own load manifest, written in the same transaction as the rows. A
load that is repeated finds nothing to do; one that is killed leaves nothing behind.
"""

from __future__ import annotations

import io
import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import awswrangler as wr
import boto3
import pyarrow as pa
import pyarrow.parquet as pq

from cdp import warehouse as sql
from cdp.accounting import SAMPLE_RECORDS, Fates
from cdp.aws.lake import Lake
from cdp.aws.warehouse import Warehouse
from cdp.aws.warehouse_schema import migrate, read_live
from cdp.warehouse import CHANGES, FULL, TABLES, UNCHANGED, TableLoad

if TYPE_CHECKING:
    from cdp.job import Engine

ROWS_PER_FILE = 1_000_000


class WarehouseMismatchError(Exception):
    """The warehouse would not hold what the lake holds; the load was rolled back."""


def load_star(
    lake: Lake, engine: Engine, warehouse: Warehouse, run_id: str, run_at: datetime
) -> list[tuple[TableLoad, Fates]]:
    """Bring every warehouse table to the lake's state of this run, in one transaction; what was done per table.

    First the warehouse gets what its contracts have gained. Raises WarehouseUnavailableError, WarehouseSchemaError,
    WarehouseStatementError and WarehouseMismatchError; nothing is loaded then.
    """
    if boto3.DEFAULT_SESSION is None:
        # Otherwise awswrangler makes a session, and reads botocore's models, for every call.
        boto3.setup_default_session()
    migrate(warehouse)
    columns = {table: [c.name for c in there] for table, there in read_live(warehouse).tables.items()}
    with warehouse.transaction():
        warehouse.execute(sql.LOCK_MANIFEST)
        last = {row["table_name"]: row for row in warehouse.query(sql.LAST_LOADS)}
        number = 1 + max((row["load_number"] for row in last.values()), default=0)
        done = []
        for table in TABLES:
            snapshot = last[table]["snapshot_id"] if table in last else None
            load = export(lake, engine, table, columns[table], snapshot, run_id)
            done.append((load, _load(warehouse, load, engine)))
            warehouse.execute(*sql.manifest_statement(load, number, run_id, run_at))
    return done


def export(
    lake: Lake, engine: Engine, table: str, columns: Sequence[str], loaded_snapshot: int | None, run_id: str
) -> TableLoad:
    """Write the rows that differ from the snapshot loaded last to S3 as Parquet, with a COPY manifest.

    Without that snapshot, or when it has expired, these are all rows. The files have `columns` in the warehouse's
    order, where a column that came later is the last.
    """
    name = sql.dataset_of(table).name
    snapshot, total = lake.snapshot_id(name), lake.row_count(name)
    if snapshot == loaded_snapshot:
        return TableLoad(table, UNCHANGED, snapshot, total)
    # Names are used again for the next table, so that the engine holds one table at a time.
    engine.register("current_rows", lake.read(name))
    loaded = None
    if loaded_snapshot is not None and lake.has_snapshot(name, loaded_snapshot):
        loaded = "loaded_rows"
        engine.register(loaded, lake.read(name, snapshot_id=loaded_snapshot))
    engine.step("changed_rows", sql.changes_query(table, columns, "current_rows", loaded))
    totals = sql.sums_query(table, "current_rows")
    count = engine.query("select count(*) as n, count(case when is_deleted then 1 end) as deleted from changed_rows")[0]
    folder = f"s3://{lake.settings.bucket('curated')}/warehouse_loads/{run_id}/{table}/"
    return TableLoad(
        table,
        CHANGES if loaded else FULL,
        snapshot,
        total,
        upserted=count["n"] - count["deleted"],
        deleted=count["deleted"],
        source=write_files(engine.arrow("changed_rows"), _schema(table, columns), folder) if count["n"] else "",
        sums=_whole(engine.query(totals)[0]) if totals else {},
    )


def write_files(rows: pa.RecordBatchReader, schema: pa.Schema, folder: str) -> str:
    """Upload rows as Parquet files of at most ROWS_PER_FILE and a manifest of them; the manifest's address.

    pyarrow writes, because a way through pandas turns nullable integers into floats and dates into objects.
    """
    paths = []
    with tempfile.TemporaryDirectory(prefix="cdp-export-") as local:
        file = Path(local) / "part.parquet"
        for number, part in enumerate(_parts(rows.cast(schema))):
            # UTC timestamps keep the annotation that Redshift reads; zstd is not among COPY's compressions.
            pq.write_table(part, file, compression="snappy", coerce_timestamps="us", store_schema=False)
            paths.append(f"{folder}part-{number:05d}.parquet")
            wr.s3.upload(local_file=str(file), path=paths[-1])
    sizes = wr.s3.size_objects(paths)
    entries = [{"url": p, "mandatory": True, "meta": {"content_length": sizes[p]}} for p in paths]
    manifest = f"{folder}manifest.json"
    wr.s3.upload(local_file=io.BytesIO(json.dumps({"entries": entries}).encode()), path=manifest)
    return manifest


def _load(warehouse: Warehouse, load: TableLoad, engine: Engine) -> Fates:
    staged = 0
    for statement in sql.stage_statements(load, warehouse.iam_role):
        warehouse.execute(statement)
    if load.source:
        arrived = warehouse.query(sql.staged_query(load))[0]
        staged = arrived["staged"]
        if (staged, arrived["deleted"]) != (load.changed, load.deleted):
            raise WarehouseMismatchError(
                f"{load.table}: {load.changed} rows were exported ({load.deleted} deleted) and {staged} arrived "
                f"({arrived['deleted']} deleted), lost for example {_lost(warehouse, load, engine)}; "
                f"look at {load.source}"
            )
    for statement in sql.merge_statements(load):
        warehouse.execute(statement)
    rows = warehouse.query(f"select count(*) as n from {load.table}")[0]["n"]
    totals = sql.sums_query(load.table, load.table) if load.sums else None
    sums = _whole(warehouse.query(totals)[0]) if totals else {}
    if differs := sql.difference(load, rows, sums):
        raise WarehouseMismatchError(
            f"{differs}; if somebody changed the table by hand, delete its rows from {sql.MANIFEST} and the next run "
            "loads it whole"
        )
    return load.fates(staged)


def _lost(warehouse: Warehouse, load: TableLoad, engine: Engine) -> str:
    """Keys of some rows that were exported and did not arrive."""
    keys = ", ".join(sql.dataset_of(load.table).primary_key)
    staged = warehouse.query(f"select {keys} from {sql.staging_of(load.table)}")
    exported = engine.query(f"select {keys} from changed_rows")
    missing = {tuple(row.items()) for row in exported} - {tuple(row.items()) for row in staged}
    return ", ".join(" ".join(f"{k}={v}" for k, v in row) for row in sorted(missing)[:SAMPLE_RECORDS]) or "none by key"


def _whole(sums: Mapping[str, Any]) -> dict[str, int]:
    return {name: int(value or 0) for name, value in sums.items()}


def _schema(table: str, columns: Sequence[str]) -> pa.Schema:
    contract = sql.dataset_of(table).arrow_schema()
    return pa.schema([*(contract.field(c) for c in columns), pa.field("is_deleted", pa.bool_(), nullable=False)])


def _parts(rows: pa.RecordBatchReader) -> Iterator[pa.Table]:
    batches: list[pa.RecordBatch] = []
    for batch in rows:
        if batches and sum(b.num_rows for b in batches) + batch.num_rows > ROWS_PER_FILE:
            yield pa.Table.from_batches(batches)
            batches = []
        batches.append(batch)
    if batches:
        yield pa.Table.from_batches(batches)
