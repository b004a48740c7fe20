"""Writes one day's files and, counted while writing, what the platform must make of them."""

from __future__ import annotations

import csv
import gzip
import json
import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, cast

import orjson

from sample_data.days import deliveries
from sample_data.samples import Delivery, Fate, Sample
from sample_data.world import World

DATASETS = (
    "customer", "product", "transaction", "clickstream_event",
    "support_ticket", "campaign", "campaign_contact", "consent", "unknown",
)  # fmt: skip
GZIP_LEVEL = 1
Expected = dict[str, dict[str, Any]]


def write_day(world: World, day: int, out: Path) -> Expected:
    """Replace ``out/day=<day>`` and return the fates that its ``expected.json`` states."""
    folder = out / f"day={day}"
    if folder.exists():
        shutil.rmtree(folder)
    tally: Counter[tuple[str, Fate]] = Counter()
    oddities: list[dict[str, Any]] = []
    for delivery in deliveries(world, day):
        path = folder / delivery.path
        path.parent.mkdir(parents=True, exist_ok=True)
        with _opened(path) as file:
            _write(file, delivery, _counted(delivery, tally, oddities))
    expected = expected_fates(tally)
    (folder / "expected.json").write_text(json.dumps(expected, indent=2) + "\n", newline="\n")
    (folder / "faults.jsonl").write_bytes(b"".join(orjson.dumps(oddity) + b"\n" for oddity in oddities))
    return expected


def expected_fates(tally: Counter[tuple[str, Fate]]) -> Expected:
    """Per dataset: received = ingest's fates together, ingest accepted = clean's fates together."""
    expected: Expected = {}
    for dataset in DATASETS:
        count = {fate: tally[dataset, fate] for fate in Fate}
        off_contract = count[Fate.OFF_CONTRACT] + count[Fate.UNKNOWN_CONTRACT]
        received = sum(count.values())
        expected[dataset] = {
            "received": received,
            "ingest": {"accepted": received - off_contract, "quarantined": off_contract, "duplicate": 0},
            "clean": {
                "accepted": count[Fate.ACCEPTED],
                "duplicate": count[Fate.DUPLICATE],
                "quarantined": count[Fate.FUTURE_DATED],
                "late_held": count[Fate.LATE_HELD],
            },
        }
    return expected


def _counted(delivery: Delivery, tally: Counter[tuple[str, Fate]], oddities: list[dict[str, Any]]) -> Iterator[Sample]:
    for number, sample in enumerate(delivery.samples, start=1):
        dataset = "unknown" if sample.fate is Fate.UNKNOWN_CONTRACT else delivery.dataset
        tally[dataset, sample.fate] += 1
        if sample.fault:
            stage, fate = sample.fate.value
            oddity = {"file": delivery.path, "record": number, "dataset": dataset, "fault": sample.fault}
            oddities.append({**oddity, "stage": stage, "fate": fate})
        yield sample


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    """A new file, compressed where its name says so, without name and time of writing in it."""
    with path.open("wb") as file:
        if path.suffix != ".gz":
            yield file
            return
        with gzip.GzipFile("", "wb", GZIP_LEVEL, file, mtime=0) as packed:
            yield cast(BinaryIO, packed)


def _write(file: BinaryIO, delivery: Delivery, samples: Iterator[Sample]) -> None:
    if not delivery.columns:
        file.writelines(_json_line(sample) for sample in samples)
        return
    lines = _Encoded(file)
    rows = csv.writer(lines, lineterminator="\n")
    rows.writerow(delivery.columns)
    rows.writerows(_cells(sample, delivery.columns) for sample in samples)


class _Encoded:
    """What csv writes to, as UTF-8 without the newline translation of text files."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def write(self, text: str) -> int:
        return self._file.write(text.encode())


def _json_line(sample: Sample) -> bytes:
    return (sample.record if isinstance(sample.record, bytes) else orjson.dumps(sample.record)) + b"\n"


def _cells(sample: Sample, columns: tuple[str, ...]) -> list[Any]:
    if not isinstance(sample.record, dict):
        return list(sample.record)
    values = (sample.record.get(column, "") for column in columns)
    return [str(value).lower() if value is True or value is False else value for value in values]
