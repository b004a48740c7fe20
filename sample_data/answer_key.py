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

from sample_data.samples import Delivery, Fate, Sample

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
ID_BYTES = 16


def record_id(source: str, payload: bytes) -> str:
    """The platform's id of a record (docs/decisions/0002)."""
    return sha256(source.encode() + b"\0" + payload).hexdigest()[: 2 * ID_BYTES]


def answers(delivery: Delivery, before: int, payloads: Sequence[bytes], samples: Sequence[Sample]) -> pa.Table:
    """What must become of a stretch of a file, as rows of SCHEMA, where so many records stand before it."""
    count = len(samples)
    _, fates, faults, persons, reasons, variations = zip(*samples, strict=True) if count else ((),) * 6
    words = _words(delivery.dataset)
    which = [FATES.index(fate) for fate in fates]
    datasets, stages, ends = ([words[place][column] for place in which] for column in range(3))
    return pa.table(
        [
            _texts([delivery.path] * count),
            _numbers(range(before + 1, before + 1 + count)),
            _ids(delivery.source, payloads),
            _texts([delivery.source] * count),
            *map(_texts, (datasets, stages, ends, reasons, faults)),
            _numbers(persons),
            _texts(variations),
        ],
        schema=SCHEMA,
    )


def counted(dataset: str, samples: Sequence[Sample]) -> Counter[tuple[str, str, str]]:
    """How many records have each dataset, stage and fate."""
    fates = [sample.fate for sample in samples]
    return Counter({word: fates.count(fate) for word, fate in zip(_words(dataset), FATES, strict=True)})


def _words(dataset: str) -> list[tuple[str, str, str]]:
    """Dataset, stage and word per fate."""
    unknown = (UNKNOWN, "ingest", "quarantined")
    return [unknown if fate is Fate.UNKNOWN_CONTRACT else (dataset, *fate.value) for fate in FATES]


# Columns are put together here because `pa.array` imports pandas, should it be given one of its series: a third of a
# second in every process.
def _texts(texts: Sequence[str]) -> pa.Array:
    count = len(texts)
    if count and texts.count(texts[0]) == count:  # as most columns are
        text = texts[0].encode()
        ends, data = np.arange(count + 1, dtype=np.int32) * len(text), text * count
    else:
        encoded = [text.encode() for text in texts]
        ends, data = np.cumsum([0, *map(len, encoded)], dtype=np.int32), b"".join(encoded)
    return pa.Array.from_buffers(pa.string(), count, [None, pa.py_buffer(ends), pa.py_buffer(data)])


def _ids(source: str, payloads: Sequence[bytes]) -> pa.Array:
    """The `record_id` of every payload."""
    before = source.encode() + b"\0"
    digests = np.frombuffer(b"".join([sha256(before + payload).digest() for payload in payloads]), dtype=np.uint8)
    ends = np.arange(len(payloads) + 1, dtype=np.int32) * (2 * ID_BYTES)
    data = digests.reshape(-1, sha256().digest_size)[:, :ID_BYTES].tobytes().hex().encode()
    return pa.Array.from_buffers(pa.string(), len(payloads), [None, pa.py_buffer(ends), pa.py_buffer(data)])


def _numbers(numbers: Sequence[int | None]) -> pa.Array:
    is_known = np.packbits(np.array([number is not None for number in numbers], dtype=bool), bitorder="little")
    values = np.array([number or 0 for number in numbers], dtype=np.int64)
    return pa.Array.from_buffers(pa.int64(), len(numbers), [pa.py_buffer(is_known), pa.py_buffer(values)])


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
