"""Prints how many records per second each step from raw to curated takes: the real jobs against a moto server.

Every row runs in this call on the same records, so that machines differ in the numbers and not in the ratios.
The baseline is DuckDB reading the same gzip JSON lines on one thread, payloads left as text. Seconds are wall
time; CPU seconds are this process's alone, moto has its own.

    python benchmarks/transforms.py --events 100000
"""

from __future__ import annotations

import argparse
import io
import json
import os
import runpy
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from dataclasses import asdict
from datetime import date
from itertools import islice
from pathlib import Path

import boto3
import duckdb

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
sys.path.insert(1, str(Path(__file__).resolve().parent.parent / "localcloud/glue_shim"))

from raw_day import RECEIVED_AT, RECORDS_PER_OBJECT, accepted, sizes

from cdp.aws import objects
from cdp.aws.lake import Lake
from cdp.aws.ledger import Receipt
from cdp.aws.raw import manifest_key, read_manifest, read_records
from cdp.clean_batches import batches
from cdp.clean_layout import LAYOUTS
from cdp.run import branch_of
from cdp.seal import seal
from cdp.settings import Settings
from sample_data.reading import received
from sample_data.world import World
from sample_data.writing import write_day

ROOT = Path(__file__).resolve().parent.parent
PLATFORM = json.loads((ROOT / "terraform/platform.json").read_text())
JOBS = ("clean_raw", "resolve_identities", "build_golden_records", "build_star_schema")
RUN_AT = "2026-03-02T02:30:00Z"
FIRST, AGAIN = "first", "again"


def main() -> None:
    events = _options().events
    with tempfile.TemporaryDirectory() as temporary, cloud() as settings:
        folder = Path(temporary)
        write_day(World(7, sizes(events), date(2026, 3, 2)), 1, folder)
        count = _put_raw(settings, folder)
        print(f"{'step':<36} {'records/s':>10} {'seconds':>8} {'CPU s':>6} {'of baseline':>12}")
        baseline = _timed("DuckDB reads the lines", count, lambda: _read_by_duckdb(folder))
        _timed("parse, contract, normal forms, types", count, lambda: _type_all(settings), baseline)
        for name in JOBS:
            _timed(f"job {name}", count, lambda name=name: run_job(name, settings, FIRST), baseline)  # type: ignore[misc]
        Lake(settings, branch_of(FIRST)).publish()
        _timed("job clean_raw, all duplicates", count, lambda: run_job("clean_raw", settings, AGAIN), baseline)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=20_000, help="click events, the rest in proportion (20,000)")
    return parser.parse_args()


def _timed(name: str, count: int, step: Callable[[], None], baseline: float = 0.0) -> float:
    started, cpu_started = time.perf_counter(), time.process_time()
    with redirect_stdout(io.StringIO()):
        step()
    seconds, cpu = time.perf_counter() - started, time.process_time() - cpu_started
    ratio = (baseline or seconds) / seconds
    print(f"{name:<36} {count / seconds:>10,.0f} {seconds:>8.2f} {cpu:>6.2f} {ratio:>12.3f}", flush=True)
    return seconds


def _read_by_duckdb(folder: Path) -> None:
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.execute(f"create table line as from read_json('{folder}/*.jsonl.gz', format = 'newline_delimited')")


def _type_all(settings: Settings) -> None:
    receipts = read_manifest(settings.bucket("raw"), FIRST)
    for dataset in LAYOUTS:
        raw = read_records(settings.bucket("raw"), (r for r in receipts if r.dataset == dataset))
        assert all(batch.rows.num_rows == batch.received for batch in batches(dataset, raw, FIRST))


def run_job(name: str, settings: Settings, run_id: str) -> None:
    """A job's script as Glue runs it, in this process."""
    text = json.dumps({"environment": settings.environment, **settings.names})
    sys.argv = [name, "--run_id", run_id, "--run_at", RUN_AT, "--settings", text]
    runpy.run_path(str(ROOT / f"glue_jobs/{name}.py"), run_name="__main__")


def _put_raw(settings: Settings, folder: Path) -> int:
    """The day's records as raw objects, in S3 and in the folder, and the manifests of both runs; their number."""
    receipts: list[Receipt] = []
    for file in received(folder / "day=1", RECEIVED_AT):
        lines = (accepted(record) for record in file.records)
        while some := list(islice(lines, RECORDS_PER_OBJECT)):
            name = f"{file.dataset}-{len(receipts):05d}.jsonl.gz"
            sealed = seal(objects.put_lines(settings.bucket("raw"), name, some))
            objects.client().download_file(settings.bucket("raw"), name, str(folder / name))
            counts = (len(some), len(some), 0, 0)
            receipts.append(Receipt(name, "bench", file.dataset, *counts, RECEIVED_AT, name, seal=sealed))
    for run_id in (FIRST, AGAIN):
        manifest = {"run_id": run_id, "run_at": RUN_AT, "receipts": [asdict(r) for r in receipts]}
        body = json.dumps(manifest).encode()
        objects.client().put_object(Bucket=settings.bucket("raw"), Key=manifest_key(run_id), Body=body)
    return sum(receipt.accepted for receipt in receipts)


@contextmanager
def cloud() -> Iterator[Settings]:
    """A moto server in its own process, with the buckets, databases and ledger of the platform."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-p", str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        os.environ.update(
            AWS_ENDPOINT_URL=f"http://127.0.0.1:{port}",
            AWS_ACCESS_KEY_ID="bench",
            AWS_SECRET_ACCESS_KEY="bench",
            AWS_DEFAULT_REGION="us-east-1",
        )
        _wait_for(f"http://127.0.0.1:{port}/moto-api/data.json")
        settings = platform_settings()
        _create_platform(settings.names)
        yield settings
    finally:
        server.terminate()
        server.wait(timeout=10)


def _wait_for(address: str) -> None:
    for _ in range(100):
        try:
            urllib.request.urlopen(address, timeout=5).close()
        except OSError:
            time.sleep(0.2)
        else:
            return
    raise TimeoutError(f"nothing answers at {address}")


def platform_settings() -> Settings:
    """What the jobs may use: all of it."""
    names = {kind: {key: f"bench-{key}" for key in PLATFORM[kind]} for kind in ("bucket", "table")}
    names["database"] = {zone: f"bench_{zone}" for zone in PLATFORM["database"]}
    return Settings("bench", names=names)


def _create_platform(names: Mapping[str, Mapping[str, str]]) -> None:
    for bucket in names["bucket"].values():
        boto3.client("s3").create_bucket(Bucket=bucket)
    for database in names["database"].values():
        boto3.client("glue").create_database(DatabaseInput={"Name": database})
    boto3.client("dynamodb").create_table(
        TableName=names["table"]["ledger"],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": n, "AttributeType": "S"} for n in ("pk", "sk")],
        BillingMode="PAY_PER_REQUEST",
    )


if __name__ == "__main__":
    main()
