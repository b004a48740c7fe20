"""Prints how time and memory of raw → curated grow with the number of records, beside a hand-written baseline.

Each job runs in a process of its own, as on Glue, over the same raw lines; raw and lake lie on the local disk, so
that no stand-in for S3 is measured. The baseline (baseline.sql) is one DuckDB process that makes the same rows of the
same tables from those lines with plain SQL, which is checked afterwards. It does less: no contracts, hence
no rejections; no table format, no branches, no comparison with what was there, no accounts. Wall seconds depend on
what else the machine does; CPU seconds less so.

The bars on two cores are 1.5 times the baseline at a million events, 11 per tenfold, and 3 GB at ten million.
docs/benchmarks.md has what was measured.

    python benchmarks/scale.py --events 100000 1000000
    python benchmarks/scale.py --events 100000 --engine spark
"""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import duckdb
from one_step import BASELINE, MEMORY_LIMIT, ROOT, RUN_AT, RUN_ID
from raw_day import CACHE, raw_day
from transforms import JOBS, cloud

from cdp.aws.lake import Lake
from cdp.dataset import Dataset
from cdp.run import branch_of
from cdp.settings import Settings
from localcloud import spark_home

PIPELINE = "raw to curated"
# What the baseline calls otherwise.
NAMES = {
    "clean.transaction": "transaction_line",
    "clean.clickstream_event": "event",
    "curated.bridge_customer_identity": "identifier",
}
# What the baseline gets where its one process does not end within the memory that each job has.
MORE_MEMORY = "3GB"


class StepFailedError(Exception):
    """A step ended with an error, or made other rows than the baseline; the message names it."""


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
    totals: dict[int, dict[str, Cost]] = {}
    for events in options.events:
        raw, count = raw_day(events, RUN_ID, RUN_AT)
        print(f"\n{events:,} events, {count:,} records, {options.engine}")
        print(f"{'step':<28} {'records/s':>10} {'seconds':>8} {'CPU s':>8} {'peak MB':>8}")
        totals[events] = _measure(raw, count, options.engine)
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
    parser.add_argument("--engine", choices=("duckdb", "spark"), default="duckdb", help="of the jobs (duckdb)")
    return parser.parse_args()


def _measure(raw: Path, count: int, engine: str) -> dict[str, Cost]:
    """Every step in a process of its own; what the baseline and all jobs together cost."""
    with tempfile.TemporaryDirectory(dir=CACHE) as temporary, cloud() as platform:
        work = Path(temporary)
        settings = Settings(platform.environment, engine, platform.names, catalog=spark_home.shared_catalog(work))
        arguments = {name: value for name, value in asdict(settings).items() if name != "names"}
        (work / "settings.json").write_text(json.dumps({**arguments, **settings.names}))
        if engine == "spark":
            os.environ.update(spark_home.environment(work / "spark", settings.catalog))
        costs = {BASELINE: _baseline(raw, work, engine, count), PIPELINE: Cost()}
        for name in JOBS:
            costs[PIPELINE] += _cost(name, raw, work, engine, count)
        _show(PIPELINE, count, costs[PIPELINE])
        _compare(Lake(settings, branch_of(RUN_ID)), work / BASELINE)
    return costs


def _baseline(raw: Path, work: Path, engine: str, count: int) -> Cost:
    try:
        return _cost(BASELINE, raw, work, engine, count)
    except StepFailedError as error:
        if "OutOfMemoryException" not in str(error):
            raise
    print(f"the baseline does not end within {MEMORY_LIMIT}; it gets {MORE_MEMORY}", flush=True)
    return _cost(BASELINE, raw, work, engine, count, "--memory", MORE_MEMORY)


def _cost(step: str, raw: Path, work: Path, engine: str, count: int, *more: str) -> Cost:
    command = [sys.executable, str(ROOT / "benchmarks/one_step.py"), step, "--engine", engine, *more]
    started = time.perf_counter()
    with (work / f"{step}.log").open("w") as log, (work / "peak").open("w") as peak:
        process = subprocess.Popen([*command, "--raw", str(raw), "--work", str(work)], stdout=peak, stderr=log)
        _, status, used = os.wait4(process.pid, 0)
    if status:
        raise StepFailedError(f"{step} failed:\n{(work / f'{step}.log').read_text()[-3000:]}")
    cost = Cost(time.perf_counter() - started, used.ru_utime + used.ru_stime, int((work / "peak").read_text()))
    _show(step, count, cost)
    return cost


def _show(name: str, count: int, cost: Cost) -> None:
    rate, peak = count / cost.seconds, cost.peak / 1e6
    print(f"{name:<28} {rate:>10,.0f} {cost.seconds:>8.1f} {cost.cpu:>8.1f} {peak:>8,.0f}", flush=True)


def _compare(lake: Lake, baseline: Path) -> None:
    """Every table, every column: the same rows in both. Raises StepFailedError."""
    rows = 0
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        for dataset in Dataset.all():
            file = baseline / f"{NAMES.get(dataset.name, dataset.table)}.parquet"
            connection.register("ours", lake.read(dataset.name))
            types = connection.execute("select column_name, column_type from (describe ours)").fetchall()
            columns = ", ".join(f"cast({name} as {type_})" for name, type_ in types)
            ours = _fingerprint(connection, "ours", columns)
            # What the baseline does not make, nobody fills on a first day.
            theirs = _fingerprint(connection, f"'{file}'", columns) if file.exists() else (0, None)
            if ours != theirs:
                raise StepFailedError(f"{dataset.name}: {ours[0]:,} rows, in the baseline {theirs[0]:,} or others")
            rows += ours[0]
    print(f"every row of every table is the same in both ({rows:,} rows)", flush=True)


def _fingerprint(connection: duckdb.DuckDBPyConnection, table: str, columns: str) -> tuple[Any, ...]:
    """Count and sum of the rows' hashes of 64 bits: other rows have the same once in 10¹⁹ times."""
    row = connection.execute(f"select count(*), sum(hash({columns})::hugeint) from {table}").fetchone()
    assert row is not None
    return row


if __name__ == "__main__":
    main()
