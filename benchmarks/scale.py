"""Prints how time and memory of raw → curated grow with the number of records, beside a hand-written baseline.

Each job runs in a process of its own, as on Glue, over the same raw lines; the lake lies on the local disk, so that
no stand-in for S3 is measured. The baseline (baseline.sql) is one DuckDB process that reads those lines and makes
the same tables with plain SQL: no contracts and no phone numbering plans, hence no rejections, no table format, no
branches, no comparison with what was there. Wall seconds depend on what else the machine does; CPU seconds hardly.

The bars are 1.5 times the baseline at a million events, 11 per tenfold and 3 GB at ten million. The first does not
hold: with 100,000 events the jobs took 4.1 times the CPU seconds of the baseline, of which cleaning is the largest
part (parsing and validating in Python) and starting four processes the next. And the baseline does less than the
jobs: it has no campaigns, contacts, tickets, consents, places and sessions, and it names a customer after its
smallest person record, so that the comparison below lists those tables as different.

    python benchmarks/scale.py --events 100000 1000000
"""

from __future__ import annotations

import argparse
import gzip
import json
import math
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

import duckdb
from pyiceberg.catalog import Catalog
from pyiceberg.catalog.glue import GlueCatalog
from pyiceberg.table import Table
from transforms import (
    JOBS,
    RECEIVED_AT,
    RECORDS_PER_OBJECT,
    ROOT,
    RUN_AT,
    cloud,
    platform_settings,
    raw_lines,
    run_job,
)

import cdp.job
from cdp.aws import objects
from cdp.aws.lake import Lake
from cdp.aws.ledger import Receipt
from cdp.aws.raw import manifest_key
from cdp.clean_batches import PROCESSES
from sample_data.days import STREAM
from sample_data.world import Sizes, World
from sample_data.writing import write_day

CACHE: Path = ROOT / "build/scale"
RUN_ID, PEAK = "scale", "peak"
MEMORY_LIMIT = "1GB"  # the engine's own default
BASELINE, PIPELINE = "baseline", "raw to curated"
# Lake table: the baseline's.
TABLES = {
    "clean.customer": "customer",
    "clean.product": "product",
    "clean.transaction": "transaction_line",
    "clean.clickstream_event": "event",
    "identity.person": "person",
    "identity.identifier": "identifier",
    "curated.golden_record": "golden_record",
    "curated.golden_record_provenance": "golden_record_provenance",
    "curated.dim_customer": "dim_customer",
    "curated.dim_product": "dim_product",
    "curated.dim_date": "dim_date",
    "curated.dim_channel": "dim_channel",
    "curated.fact_sales": "fact_sales",
    "curated.fact_clickstream": "fact_clickstream",
}


@dataclass(frozen=True)
class Cost:
    """What a process used; `peak` in bytes."""

    seconds: float = 0.0
    cpu: float = 0.0
    peak: int = 0

    def __add__(self, other: Cost) -> Cost:
        return Cost(self.seconds + other.seconds, self.cpu + other.cpu, max(self.peak, other.peak))


def main() -> None:
    options = _options()
    if options.only:
        _run_one(options.only, options.raw, options.work)
        return
    totals: dict[int, dict[str, Cost]] = {}
    for events in options.events:
        count = _make_raw(events)
        print(f"\n{events:,} events, {count:,} records")
        print(f"{'step':<28} {'records/s':>10} {'seconds':>8} {'CPU s':>8} {'peak MB':>8}")
        totals[events] = _measure(_folder(events), count)
        ours, theirs = totals[events][PIPELINE], totals[events][BASELINE]
        wall, cpu = ours.seconds / theirs.seconds, ours.cpu / theirs.cpu
        print(f"{PIPELINE} / {BASELINE}: {wall:.2f} by wall time, {cpu:.2f} by CPU time")
    for smaller, larger in zip(options.events, options.events[1:], strict=False):
        tenfolds = math.log10(larger / smaller)
        for name in (BASELINE, PIPELINE):
            before, after = totals[smaller][name], totals[larger][name]
            wall, cpu = (b ** (1 / tenfolds) for b in (after.seconds / before.seconds, after.cpu / before.cpu))
            print(f"{name}, {smaller:,} to {larger:,}: {wall:.1f} per tenfold by wall time, {cpu:.1f} by CPU time")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--events",
        type=int,
        nargs="+",
        default=[100_000, 1_000_000],
        help="click events, the rest in proportion; ascending (100000 1000000)",
    )
    parser.add_argument("--only", help=argparse.SUPPRESS)  # this process is one step of a measurement
    parser.add_argument("--raw", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--work", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


def _folder(events: int) -> Path:
    return CACHE / str(events)


def _measure(raw: Path, count: int) -> dict[str, Cost]:
    """Every step in a process of its own; what the baseline and all jobs together cost."""
    with tempfile.TemporaryDirectory(dir=CACHE) as temporary, cloud():
        work = Path(temporary)
        baseline = _cost(BASELINE, raw, work)
        _show(BASELINE, count, baseline)
        pipeline = Cost()
        for name in JOBS:
            cost = _cost(name, raw, work)
            _show(f"job {name}", count, cost)
            pipeline += cost
        _show(PIPELINE, count, pipeline)
        _compare(work)
    return {BASELINE: baseline, PIPELINE: pipeline}


def _cost(name: str, raw: Path, work: Path) -> Cost:
    command = [sys.executable, __file__, "--only", name, "--raw", str(raw), "--work", str(work)]
    started = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{name} failed")
    return Cost(time.perf_counter() - started, used.ru_utime + used.ru_stime, int((work / PEAK).read_text()))


def _show(name: str, count: int, cost: Cost) -> None:
    rate, peak = count / cost.seconds, cost.peak / 1e6
    print(f"{name:<28} {rate:>10,.0f} {cost.seconds:>8.1f} {cost.cpu:>8.1f} {peak:>8,.0f}", flush=True)


def _compare(work: Path) -> None:
    """How many rows of each table are not the same in both, in the columns that both have."""
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        for name, table in TABLES.items():
            zone, _, own = name.partition(".")
            connection.execute(f"create view ours as from read_parquet('{work}/bench-{zone}/{own}/data/**/*.parquet')")
            connection.execute(f"create view theirs as from '{work}/{BASELINE}/{table}.parquet'")
            columns = ", ".join(
                column for (column, *_) in connection.execute("describe theirs").fetchall() if column != "person_id"
            )
            rows, differ = connection.execute(
                f"""select (select count(*) from ours), (select count(*) from (
                        (select {columns} from ours except all select {columns} from theirs) union all
                        (select {columns} from theirs except all select {columns} from ours)))"""
            ).fetchone() or (0, 0)
            if differ:
                print(f"  {name}: {differ:,} rows are in one only, of {rows:,}")
            connection.execute("drop view ours; drop view theirs")
    print("  every other table has the same rows in both")


def _run_one(name: str, raw: Path, work: Path) -> None:
    if name == BASELINE:
        _run_baseline(raw, work / BASELINE)
    else:
        _run_job(name, raw, work)
    # The largest of its processes times their number, at most; Linux counts KiB.
    own, largest = (resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    (work / PEAK).write_text(str((own + (PROCESSES * largest if name == "clean_raw" else 0)) * 1024))


def _run_baseline(raw: Path, out: Path) -> None:
    (out / "spill").mkdir(parents=True)
    text = Path(__file__).with_name("baseline.sql").read_text()
    with duckdb.connect() as connection:
        connection.execute(f"set memory_limit = '{MEMORY_LIMIT}'; set temp_directory = '{out}/spill'")
        connection.execute("set TimeZone = 'UTC'; set preserve_insertion_order = false")
        # One by one: of several statements at once DuckDB takes the names of windows for those of one query.
        for statement in text.replace("{raw}", str(raw)).split(";\n"):
            connection.execute(statement)
        for table in TABLES.values():
            connection.execute(f"copy {table} to '{out}/{table}.parquet' (compression zstd)")


def _run_job(name: str, raw: Path, work: Path) -> None:
    """A job's script as Glue runs it, with raw and lake on the local disk."""

    class LocalCatalog(GlueCatalog):
        def create_table(
            self, identifier: Any, schema: Any, location: str | None = None, *args: Any, **kw: Any
        ) -> Table:
            return super().create_table(
                identifier, schema, str(location).replace("s3://", f"file://{work}/"), *args, **kw
            )

    class LocalLake(Lake):
        @cached_property
        def _catalog(self) -> Catalog:
            return LocalCatalog("glue")

    vars(cdp.job)["Lake"] = LocalLake
    objects.open_stream = lambda bucket, key: (raw / key).open("rb")  # type: ignore[assignment, misc]
    run_job(name, platform_settings(), RUN_ID)


def _make_raw(events: int) -> int:
    """The raw objects of a day of so many events and the run's manifest, made once; the number of records."""
    folder = _folder(events)
    manifest = folder / manifest_key(RUN_ID)
    if not manifest.exists():
        shutil.rmtree(folder, ignore_errors=True)
        manifest.parent.mkdir(parents=True)
        sizes = Sizes(max(10, events // 20), max(1, events // 500), events // 2, events)
        write_day(World(7, sizes, date(2026, 3, 2)), 1, folder)
        receipts = [asdict(receipt) for receipt in _raw_objects(folder)]
        shutil.rmtree(folder / "day=1")
        manifest.write_text(json.dumps({"run_id": RUN_ID, "run_at": RUN_AT, "receipts": receipts}))
    return sum(receipt["accepted"] for receipt in json.loads(manifest.read_text())["receipts"])


def _raw_objects(folder: Path) -> Iterator[Receipt]:
    day, number = folder / "day=1", 0
    for path in [*sorted(day.glob("landing/*/*/*")), day / STREAM]:
        dataset, lines = raw_lines(path, str(path.relative_to(day)))
        while some := list(islice(lines, RECORDS_PER_OBJECT)):
            number += 1
            key = f"{dataset}-{number:05d}.jsonl.gz"
            (folder / key).write_bytes(gzip.compress(b"".join(some), objects.GZIP_LEVEL))
            yield Receipt(key, "bench", dataset, len(some), len(some), 0, 0, RECEIVED_AT, key)


if __name__ == "__main__":
    main()
