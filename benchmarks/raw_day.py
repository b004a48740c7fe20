"""The raw objects of a big day and the manifest of the run that takes them, made once and kept in build/scale."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import asdict
from datetime import date
from itertools import islice
from pathlib import Path

from isal import igzip

from cdp.aws import objects
from cdp.aws.ledger import Receipt
from cdp.aws.raw import manifest_key
from cdp.records import Record, Rejected, envelope_line
from cdp.seal import seal
from sample_data.reading import received
from sample_data.world import Sizes, World
from sample_data.writing import write_day

CACHE = Path(__file__).resolve().parent.parent / "build/scale"
RECEIVED_AT = "2026-03-02T02:00:00Z"
RECORDS_PER_OBJECT = 5_000


def raw_day(events: int, run_id: str, run_at: str) -> tuple[Path, int]:
    """The folder of the raw objects of a day of so many events, and the number of its records."""
    folder = CACHE / str(events)
    manifest = folder / manifest_key(run_id)
    if not manifest.exists() or not _is_sealed(manifest):
        shutil.rmtree(folder, ignore_errors=True)
        manifest.parent.mkdir(parents=True)
        write_day(World(7, sizes(events), date(2026, 3, 2)), 1, folder, processes=2)
        receipts = [asdict(receipt) for receipt in _raw_objects(folder)]
        shutil.rmtree(folder / "day=1")
        manifest.write_text(json.dumps({"run_id": run_id, "run_at": run_at, "receipts": receipts}))
    return folder, sum(receipt["accepted"] for receipt in json.loads(manifest.read_text())["receipts"])


def _is_sealed(manifest: Path) -> bool:
    """Whether the day was made by today's rules, so that cleaning need not try them again."""
    receipt = Receipt(**json.loads(manifest.read_text())["receipts"][0])
    return receipt.seal == seal((manifest.parents[1] / receipt.object_key).read_bytes())


def sizes(events: int) -> Sizes:
    """A world with so many events, the rest in proportion."""
    return Sizes(max(10, events // 20), max(1, events // 500), events // 2, events)


def _raw_objects(folder: Path) -> Iterator[Receipt]:
    number = 0
    for file in received(folder / "day=1", RECEIVED_AT):
        lines = (accepted(record) for record in file.records)
        while some := list(islice(lines, RECORDS_PER_OBJECT)):
            number += 1
            key = f"{file.dataset}-{number:05d}.jsonl.gz"
            body = igzip.compress(b"".join(some), objects.GZIP_LEVEL)
            (folder / key).write_bytes(body)
            yield Receipt(key, "bench", file.dataset, len(some), len(some), 0, 0, RECEIVED_AT, key, seal=seal(body))


def accepted(record: Record) -> bytes:
    """The line of raw of a record that ingestion lets through, as all of a day without faults are."""
    assert not isinstance(record.value, Rejected), record.value.reasons
    return envelope_line(record.envelope)
