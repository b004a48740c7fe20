"""The answer key: for every record what must become of it, at which stage and why, and which person it is.

It is stated by what made the record, never computed by what is tested with it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Any

import numpy as np
import pyarrow as pa

from sample_data.samples import Delivery, Fate

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
FATES = tuple(Fate)
Expected = dict[str, dict[str, Any]]
Stated = tuple[Fate, str, int | None, str, str]  # a Sample without its record


def record_id(source: str, payload: bytes) -> str:
    """The platform's id of a record (docs/decisions/0002)."""
    return sha256(source.encode() + b"\0" + payload).hexdigest()[:32]


def answers(delivery: Delivery, before: int, ids: Sequence[str], stated: Sequence[Stated]) -> pa.Table:
    """What must become of a stretch of a file, as rows of SCHEMA, where so many records stand before it.

    Of each record its id and all that its sample states.
    """
    if not ids:
        return SCHEMA.empty_table()
    fates, faults, persons, reasons, variations = zip(*stated, strict=True)
    places = [FATES.index(fate) for fate in fates]
    datasets, stages, words = zip(*map(_words(delivery.dataset).__getitem__, places), strict=True)
    return pa.table(
        [
            _column((delivery.path,) * len(ids)),
            pa.array(np.arange(before + 1, before + 1 + len(ids))),
            pa.array(ids, pa.string()),
            _column((delivery.source,) * len(ids)),
            *map(_column, (datasets, stages, words, reasons, faults)),
            pa.array(persons, pa.int64()),
            _column(variations),
        ],
        schema=SCHEMA,
    )


def _words(dataset: str) -> list[tuple[str, str, str]]:
    """Dataset, stage and word per fate."""
    unknown = (UNKNOWN, "ingest", "quarantined")
    return [unknown if fate is Fate.UNKNOWN_CONTRACT else (dataset, *fate.value) for fate in FATES]


def _column(texts: tuple[str, ...]) -> pa.Array:
    """The texts, which mostly are one and the same."""
    is_one = texts.count(texts[0]) == len(texts)
    return pa.repeat(texts[0], len(texts)) if is_one else pa.array(texts, pa.string())


def counted(answers: pa.Table) -> Counter[tuple[str, str, str]]:
    """How many records have each dataset, stage and fate."""
    groups = answers.group_by(["dataset", "stage", "fate"]).aggregate([([], "count_all")]).to_pylist()
    return Counter({(row["dataset"], row["stage"], row["fate"]): row["count_all"] for row in groups})


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
