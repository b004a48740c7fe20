"""The answer key: for every record what must become of it, at which stage and why, and which person it is.

It is stated by what made the record, never computed by what is tested with it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from hashlib import sha256
from typing import Any

import numpy as np
import pyarrow as pa

from sample_data.samples import Fate, Sample

SCHEMA = pa.schema(
    {
        "file": pa.string(),  # below the day's folder
        "record": pa.int64(),  # in the file, from 1, without a header
        "record_id": pa.string(),  # as the platform makes it of source and payload
        "source": pa.string(),
        "dataset": pa.string(),
        "stage": pa.string(),  # ingest or clean: where its fate is decided
        "fate": pa.string(),  # accepted, duplicate, quarantined or late_held
        "reason": pa.string(),  # JSON pointer and rule, of what is kept back
        "fault": pa.string(),
        "person": pa.int64(),  # null: somebody no source knows
        "variation": pa.string(),  # what a customer record says instead of the truth
    }
)
DATASETS = (
    "customer", "product", "transaction", "clickstream_event",
    "support_ticket", "campaign", "campaign_contact", "consent", "unknown",
)  # fmt: skip
UNKNOWN = "unknown"
Expected = dict[str, dict[str, Any]]


def record_id(source: str, payload: bytes) -> str:
    """The platform's id of a record (docs/decisions/0002)."""
    return sha256(source.encode() + b"\0" + payload).hexdigest()[:32]


class Answers:
    """The answers to the samples of one part of a file, in order."""

    def __init__(self, file: str, source: str, dataset: str) -> None:
        self._file, self._source, self._dataset = file, source, dataset
        self._words = {fate: (dataset, *fate.value) for fate in Fate}
        self._words[Fate.UNKNOWN_CONTRACT] = (UNKNOWN, "ingest", "quarantined")
        self._rows: list[tuple[Any, ...]] = []

    def add(self, sample: Sample, payload: bytes) -> None:
        """State what must become of a sample; `payload` is what the platform takes for the record."""
        _, fate, fault, person, reason, variation = sample
        dataset, stage, word = self._words[fate]
        self._rows.append((record_id(self._source, payload), dataset, stage, word, reason, fault, person, variation))

    def table(self, before: int) -> pa.Table:
        """The answers as rows of SCHEMA; so many records stand before them in the file."""
        count = len(self._rows)
        columns = list(zip(*self._rows, strict=True)) if count else [()] * 8
        return pa.table(
            [
                pa.repeat(self._file, count),
                pa.array(np.arange(before + 1, before + 1 + count)),
                columns[0],
                pa.repeat(self._source, count),
                *columns[1:],
            ],
            schema=SCHEMA,
        )

    def counts(self) -> Counter[tuple[str, str, str]]:
        """How many records have each dataset, stage and fate."""
        return Counter((row[1], row[2], row[3]) for row in self._rows)


def expected_fates(counts: Iterable[Counter[tuple[str, str, str]]]) -> Expected:
    """Per dataset: received = ingest's fates together, ingest accepted = clean's fates together."""
    total: Counter[tuple[str, str, str]] = Counter()
    for some in counts:
        total.update(some)
    expected: Expected = {}
    for dataset in DATASETS:
        off_contract = total[dataset, "ingest", "quarantined"]
        clean = {fate: total[dataset, "clean", fate] for fate in ("accepted", "duplicate", "quarantined", "late_held")}
        passed = sum(clean.values())
        expected[dataset] = {
            "received": passed + off_contract,
            "ingest": {"accepted": passed, "quarantined": off_contract, "duplicate": 0},
            "clean": clean,
        }
    return expected
