"""Glue job: raw → clean; every record of a run's manifest becomes a row, or is counted as what else became of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import Executor

import pyarrow as pa

from cdp.accounting import SAMPLE_RECORDS, Fates
from cdp.aws import objects
from cdp.aws.raw import read_manifest, read_records
from cdp.clean import STAGE, Batch, CleanError
from cdp.clean_batches import batches, processes
from cdp.clean_layout import LAYOUTS, typed_schema
from cdp.dataset import Dataset
from cdp.handover import without_row
from cdp.job import Job, job, report
from cdp.quarantine import held_key, quarantine_key
from cdp.records import RawLines
from cdp.steps import run_steps


def clean_raw(j: Job) -> None:
    """Clean every dataset and write its account to the ledger. Raises RawError and CleanError."""
    j.lake.discard(f"clean.{dataset}" for dataset in LAYOUTS)
    receipts = read_manifest(j.settings.bucket("raw"), j.run_id)
    if strangers := {r.dataset for r in receipts if r.object_key} - LAYOUTS.keys():
        raise CleanError(f"there is no layout of {sorted(strangers)}; add it to cdp/clean_layout.py")
    with processes(sum(r.accepted for r in receipts)) as pool:
        for dataset in LAYOUTS:
            raw = read_records(j.settings.bucket("raw"), (r for r in receipts if r.dataset == dataset))
            fates = clean_dataset(j, dataset, raw, pool)
            j.ledger.put_fates(j.run_id, fates)
            report(**vars(fates))


def clean_dataset(j: Job, dataset: str, raw: Iterable[RawLines], pool: Executor | None = None) -> Fates:
    """Write a dataset's rows to its clean table, and what is no row to the quarantine bucket."""
    counts, lost = Counter[str](), list[str]()

    def typed() -> Iterator[pa.Table]:
        for number, batch in enumerate(batches(dataset, raw, j.run_id, pool)):
            put_aside(j, dataset, f"{j.run_id}-{number:05d}", batch)
            counts.update(received=batch.received, rows=batch.rows.num_rows)
            counts.update(quarantined=len(batch.quarantined), late_held=len(batch.held))
            lost.extend(batch.lost)
            yield batch.rows

    j.engine.collect(f"typed_{dataset}", typed_schema(dataset), typed())
    accepted, missing = add_rows(j, dataset) if counts["rows"] else (0, [])
    j.engine.forget(f"typed_{dataset}")
    return Fates(
        STAGE,
        dataset,
        counts["received"],
        accepted,
        duplicate=counts["rows"] - accepted - len(missing),
        quarantined=counts["quarantined"],
        late_held=counts["late_held"],
        lost=tuple([*lost, *missing][:SAMPLE_RECORDS]),
    )


def add_rows(j: Job, dataset: str) -> tuple[int, list[str]]:
    """Bring the typed rows into the clean table; how many keys it did not have, and record ids that it lacks now."""
    table = f"clean.{dataset}"
    before = j.lake.row_count(table)
    j.engine.read(table)
    run_steps(j.engine, "clean", [dataset])
    change = j.engine.write(table, dataset)
    if change.deleted or change.rows != before + change.inserted:
        raise CleanError(f"{table} had {before} rows, then {change}: cleaning adds and mends rows, it removes none")
    missing = without_row(j.engine, Dataset.load(table), f"typed_{dataset}", f"clean_{dataset}")
    j.engine.forget(table, dataset)
    return change.inserted, missing


def put_aside(j: Job, dataset: str, name: str, batch: Batch) -> None:
    """Keep what is no row, under keys that a repeated job writes again."""
    bucket, run_at = j.settings.bucket("quarantine"), j.run_at.isoformat()
    if batch.quarantined:
        objects.put_lines(bucket, quarantine_key(STAGE, dataset, run_at, name), batch.quarantined)
    if batch.held:
        objects.put_lines(bucket, held_key(dataset, run_at, name), batch.held)


if __name__ == "__main__":
    with job() as j:
        clean_raw(j)
