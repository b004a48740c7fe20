"""Raw objects in, Iceberg tables out, every record accounted for."""

import json
import runpy
import sys
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, date, datetime
from pathlib import Path

import boto3
import orjson
import pytest

from cdp.aws import objects
from cdp.aws.lake import Lake
from cdp.aws.lake_table import MAIN
from cdp.aws.ledger import Ledger, Receipt
from cdp.aws.raw import RawError, manifest_key
from cdp.clean import CleanError
from cdp.clean_layout import LAYOUTS
from cdp.contracts import dataset_of
from cdp.engines.duckdb import DuckDBEngine
from cdp.job import Job
from cdp.records import Rejected, envelope_line
from cdp.run import branch_of
from glue_jobs.clean_raw import clean_raw
from sample_data.reading import received
from sample_data.world import Sizes, World
from sample_data.writing import write_day
from tests.conftest import settings_json
from tests.raw_lines import SOURCES, line

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
RUN_AT = datetime(2026, 3, 2, 2, 30, tzinfo=UTC)


def receipt(key, dataset, count):
    return Receipt(key, "ingest_stream", dataset, count, count, 0, 0, "2026-03-02T02:00:00Z", key)


def put_run(aws, run_id, batches):
    """Raw objects of [(dataset, lines)] and the run's manifest."""
    receipts = []
    for number, (dataset, lines) in enumerate(batches):
        receipts.append(receipt(f"records/dataset={dataset}/{run_id}-{number}.jsonl.gz", dataset, len(lines)))
        objects.put_lines(aws.bucket("raw"), receipts[-1].object_key, lines)
    put_manifest(aws, run_id, receipts)


def put_manifest(aws, run_id, receipts):
    manifest = {"run_id": run_id, "run_at": RUN_AT.isoformat(), "receipts": [asdict(r) for r in receipts]}
    boto3.client("s3").put_object(Bucket=aws.bucket("raw"), Key=manifest_key(run_id), Body=json.dumps(manifest))


@contextmanager
def a_job(aws, run_id, branch=""):
    lake = Lake(aws, branch or branch_of(run_id))
    engine = DuckDBEngine(lake)
    yield Job(run_id, RUN_AT, {}, aws, Ledger(aws.table("ledger")), lake, engine)
    engine.close()


def run(aws, run_id, *batches):
    """Clean what is published at once; the run's accounts by dataset, of datasets that received something."""
    put_run(aws, run_id, batches)
    with a_job(aws, run_id, branch=MAIN) as j:
        clean_raw(j)
        fates = j.ledger.fates(run_id)
        assert all(f.is_balanced for f in fates)
        return {f.dataset: f for f in fates if f.received}


def rows(aws, *datasets):
    """Published rows of some datasets, one list after the other."""
    lake = Lake(aws)
    tables = (lake.read(f"clean.{dataset}").read_all() for dataset in datasets)
    return [row for table in tables for row in table.sort_by("record_id").to_pylist()]


def snapshots(aws):
    lake = Lake(aws)
    return {dataset: lake.snapshot_id(f"clean.{dataset}") for dataset in LAYOUTS}


def aside(aws, prefix):
    bucket = aws.bucket("quarantine")
    keys = [o["Key"] for o in boto3.client("s3").list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", [])]
    return {key: [orjson.loads(kept) for kept in objects.read_lines(bucket, key)] for key in keys}


def events(*numbers, **changes):
    return [line("clickstream_event", messageId=f"00000000-0000-4000-8000-{n:012d}", **changes) for n in numbers]


def test_every_dataset_lands_in_its_table(aws):
    fates = run(aws, "r1", *((dataset, [line(dataset)]) for dataset in LAYOUTS))
    assert {d: (f.received, f.accepted) for d, f in fates.items()} == dict.fromkeys(LAYOUTS, (1, 1))
    assert [row["source"] for row in rows(aws, *LAYOUTS)] == [SOURCES[dataset] for dataset in LAYOUTS]


def test_a_redelivered_batch_is_all_duplicates_and_makes_no_snapshot(aws):
    run(aws, "r1", ("transaction", [line("transaction")]), ("clickstream_event", events(1, 2)))
    before = snapshots(aws)
    fates = run(aws, "r2", ("transaction", [line("transaction")]), ("clickstream_event", events(2, 1, 1)))
    assert (fates["transaction"].duplicate, fates["clickstream_event"].duplicate) == (1, 3)
    assert snapshots(aws) == before


def test_another_payload_with_a_known_key_is_a_duplicate_that_may_win(aws):
    both = [line("product"), line("product", name="Lantern")]
    wins = min(both, key=lambda raw: orjson.loads(raw)["record_id"])
    first, second = sorted(both, key=lambda raw: raw is wins)
    run(aws, "r1", ("product", [first]))
    fates = run(aws, "r2", ("product", [second]))
    assert (fates["product"].accepted, fates["product"].duplicate) == (0, 1)
    assert [row["record_id"] for row in rows(aws, "product")] == [orjson.loads(wins)["record_id"]]


def test_bad_late_and_future_records_are_set_aside_under_the_runs_date(aws):
    bad, late, future = (
        events(2, type="jump"),
        events(3, timestamp="1999-01-01T00:00:00Z"),
        events(4, timestamp="2026-03-04T00:00:00Z"),
    )
    fates = run(aws, "r1", ("clickstream_event", [*events(1), *bad, *late, *future]))["clickstream_event"]
    assert (fates.accepted, fates.quarantined, fates.late_held) == (1, 2, 1)
    (kept,) = aside(aws, "records/").items()
    assert kept[0] == "records/stage=clean_raw/dataset=clickstream_event/date=2026-03-02/r1-00000.jsonl.gz"
    assert [record["reasons"][0]["rule"] for record in kept[1]] == ["enum", "future"]
    (held,) = aside(aws, "held/").items()
    assert held[0] == "held/dataset=clickstream_event/date=2026-03-02/r1-00000.jsonl.gz"
    assert len(held[1]) == 1


def test_a_repeated_job_of_one_run_gives_the_same_account_and_objects(aws):
    batch = ("clickstream_event", [*events(1, 2, 2), *events(3, type="jump")])
    put_run(aws, "r1", [batch])
    accounts, kept = [], []
    for _ in range(2):
        with a_job(aws, "r1") as j:
            clean_raw(j)
            accounts.append(j.ledger.fates("r1"))
            kept.append(aside(aws, ""))
    assert accounts[0] == accounts[1]
    assert kept[0] == kept[1]
    assert len(kept[0]) == 1


def test_a_failed_run_leaves_the_tables_as_they_were(aws):
    put_run(aws, "r1", [("product", [line("product")])])
    with a_job(aws, "r1") as j:
        clean_raw(j)
    assert rows(aws, "product") == []


def test_two_days_of_sample_data_meet_the_fates_their_answer_key_states(aws, tmp_path):
    world = World(7, Sizes(customers=60, products=20, transactions=300, events=600), date(2026, 3, 2))
    for day in (1, 2):
        expected = write_day(world, day, tmp_path)
        fates = run(aws, f"r{day}", *raw_batches(tmp_path / f"day={day}", f"2026-03-0{day + 1}T02:00:00Z"))
        found = {name: {fate: getattr(f, fate) for fate in expected[name]["clean"]} for name, f in fates.items()}
        assert found == {name: expected[name]["clean"] for name in fates}
        assert fates.keys() == LAYOUTS.keys()


def raw_batches(folder, received_at):
    """What ingestion makes of a day's files: per file the lines of its good records, by dataset."""
    for file in received(folder, received_at):
        good = {}
        for envelope, value in file.records:
            if not isinstance(value, Rejected):
                good.setdefault(dataset_of(envelope["contract"]), []).append(envelope_line(envelope))
        yield from good.items()


def test_a_run_of_nothing_is_accounted_as_nothing(aws):
    assert run(aws, "r1") == {}
    assert rows(aws, *LAYOUTS) == []


def broken(body):
    """A gzip object whose first block is none."""
    return body[:10] + b"\xff" + body[11:]


@pytest.mark.parametrize(
    ("break_it", "says"),
    [
        (lambda s3, at: s3.delete_object(**at), "NoSuchKey"),
        (lambda s3, at: s3.put_object(**at, Body=b"no gzip"), "cannot be read"),
        (lambda s3, at: s3.put_object(**at, Body=s3.get_object(**at)["Body"].read()[:-9]), "cannot be read"),
        (lambda s3, at: s3.put_object(**at, Body=broken(s3.get_object(**at)["Body"].read())), "cannot be read"),
        (lambda s3, at: objects.put_lines(at["Bucket"], at["Key"], [line("product")]), "holds 1 records"),
    ],
)
def test_a_raw_object_that_is_not_as_it_was_written_fails_the_run_by_name(aws, break_it, says):
    put_run(aws, "r1", [("product", [line("product")] * 2)])
    key = "records/dataset=product/r1-0.jsonl.gz"
    break_it(boto3.client("s3"), {"Bucket": aws.bucket("raw"), "Key": key})
    with a_job(aws, "r1") as j, pytest.raises(RawError, match=f"{key}.*{says}"):
        clean_raw(j)
    assert j.ledger.fates("r1") == [f for f in j.ledger.fates("r1") if f.dataset == "customer"]


def test_a_run_without_a_manifest_fails_by_name(aws):
    with a_job(aws, "r1") as j, pytest.raises(RawError, match=r"manifests/r1\.json"):
        clean_raw(j)


def test_records_of_a_dataset_without_a_layout_fail_the_run(aws):
    put_run(aws, "r1", [("review", [b"{}"])])
    with a_job(aws, "r1") as j, pytest.raises(CleanError, match="review"):
        clean_raw(j)


def test_the_script_runs_with_glues_arguments(aws, monkeypatch, capsys):
    put_run(aws, "r1", [("product", [line("product")])])
    arguments = {"--run_id": "r1", "--run_at": RUN_AT.isoformat(), "--settings": settings_json()}
    monkeypatch.setattr(sys, "argv", ["clean_raw.py", *(part for pair in arguments.items() for part in pair)])
    runpy.run_path(str(ROOT / "glue_jobs/clean_raw.py"), run_name="__main__")
    report = [json.loads(text) for text in capsys.readouterr().out.splitlines()]
    assert {r["dataset"]: r["accepted"] for r in report} == {**dict.fromkeys(LAYOUTS, 0), "product": 1}


def test_reversed_cut_and_redelivered_batches_give_the_same_tables(aws):
    one, other = line("customer"), line("customer", email="other@example.com")
    clicks = events(1, 2, 3) + events(2, 3, event="Another")
    run(aws, "r1", ("customer", [one, other]), ("clickstream_event", clicks))
    expected = rows(aws, "customer", "clickstream_event")
    for dataset in ("customer", "clickstream_event"):
        boto3.client("glue").delete_table(DatabaseName=aws.database("clean"), Name=dataset)
    run(aws, "r2", ("clickstream_event", clicks[3:]), ("customer", [other]))
    run(aws, "r3", ("clickstream_event", clicks[::-1]), ("clickstream_event", clicks[1:]), ("customer", [one]))
    assert rows(aws, "customer", "clickstream_event") == expected
