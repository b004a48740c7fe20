"""All lines of a dataset are cleaned in batches of bounded size, several at once.

Lines that are read by column are cleaned by threads, as Arrow leaves Python's lock to others meanwhile; those that are
judged one by one by processes, where there are many.
"""

from __future__ import annotations

import gc
import os
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from io import BytesIO
from itertools import groupby, islice
from multiprocessing import get_context, parent_process
from operator import attrgetter
from threading import Thread

import orjson
import pyarrow as pa

from cdp.clean import Batch, clean
from cdp.clean_judged import clean_judged
from cdp.clean_layout import typed_schema
from cdp.records import RawLines

# One by one, more at once are slower: their values no longer fit the processor's cache.
PART_RECORDS, PART_BYTES = 1_000, 1024 * 1024
BATCH_BYTES = 8 * 1024 * 1024  # read by column in one piece, as a column costs by the call
# A process takes a second to start: as long as cleaning 50,000 records.
WORKERS, RECORDS_FOR_PROCESSES = min(os.cpu_count() or 1, 4), 250_000


@contextmanager
def processes(records: int) -> Iterator[Executor | None]:
    """Processes to judge so many records with, one per processor; None where starting them takes longer.

    None of them starts before the first record that is to be judged.
    """
    if records < RECORDS_FOR_PROCESSES:
        yield None
        return
    # Not forked: the engine's threads would be lost in the copies, with the locks they hold.
    with ProcessPoolExecutor(WORKERS, get_context("spawn"), initializer=_start) as pool:
        yield pool


def _start() -> None:
    Thread(target=_end_with_the_job, daemon=True).start()


def _end_with_the_job() -> None:
    # A job that is killed closes no pool, and its processes would wait for work for ever.
    if job := parent_process():
        job.join()
        os._exit(1)


def batches(dataset: str, raw: Iterable[RawLines], run_id: str, pool: Executor | None = None) -> Iterator[Batch]:
    """All lines in batches of bounded size, in order; the same lines are always cut alike, with a pool or not."""
    waiting: deque[Future[Batch]] = deque()
    with ThreadPoolExecutor(WORKERS) as threads:
        for some in _cut(raw):
            waiting.append(threads.submit(_batch, dataset, some, run_id, pool))
            if len(waiting) > WORKERS:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _cut(raw: Iterable[RawLines]) -> Iterator[list[RawLines]]:
    """As many as make a batch, and at least one."""
    some: list[RawLines] = []
    size = 0
    for lines in raw:
        some.append(lines)
        size += len(lines.text)
        if size >= BATCH_BYTES:
            yield some
            some, size = [], 0
    if some:
        yield some


def _batch(dataset: str, raw: list[RawLines], run_id: str, pool: Executor | None) -> Batch:
    return _together(dataset, [part for lines in _joined(raw) for part in _parts(dataset, lines, run_id, pool)])


def _joined(raw: list[RawLines]) -> Iterator[RawLines]:
    """The same lines; judged ones that follow each other in one piece, as those of the stream are small."""
    for is_judged, some in groupby(raw, attrgetter("is_judged")):
        texts = [lines.text for lines in some]
        for text in [b"".join(texts)] if is_judged else texts:
            yield RawLines(text, is_judged)


def _parts(dataset: str, raw: RawLines, run_id: str, pool: Executor | None) -> Iterator[Batch]:
    """Some lines, cleaned by column where they are judged and Arrow can read them, else record by record.

    What Arrow does not read is in one half; the other one needs not suffer for it.
    """
    batch = clean_judged(dataset, raw.text, run_id) if raw.is_judged else None
    middle = raw.text.find(b"\n", len(raw.text) // 2) + 1
    if batch is not None:
        yield _counted(batch, raw.text.count(b"\n"), BytesIO(raw.text))
    elif raw.is_judged and len(raw.text) > PART_BYTES and 0 < middle < len(raw.text):
        for half in (raw.text[:middle], raw.text[middle:]):
            yield from _parts(dataset, RawLines(half, is_judged=True), run_id, pool)
    elif pool is None:
        yield _one_by_one(dataset, raw.text, run_id)
    else:
        yield pool.submit(_one_by_one, dataset, raw.text, run_id).result()


def _one_by_one(dataset: str, text: bytes, run_id: str) -> Batch:
    lines = BytesIO(text)
    parts = []
    with _no_collector():
        while some := list(islice(lines, PART_RECORDS)):
            parts.append(_counted(clean(dataset, some, run_id), len(some), some))
    return _together(dataset, parts)


def _together(dataset: str, parts: list[Batch]) -> Batch:
    return Batch(
        received=sum(part.received for part in parts),
        rows=pa.concat_tables([typed_schema(dataset).empty_table(), *(part.rows for part in parts)]),
        quarantined=[line for part in parts for line in part.quarantined],
        held=[line for part in parts for line in part.held],
        lost=tuple(record_id for part in parts for record_id in part.lost),
    )


@contextmanager
def _no_collector() -> Iterator[None]:
    """Records refer to nothing that refers to them; looking for it would take a fifth of the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _counted(batch: Batch, received: int, lines: Iterable[bytes]) -> Batch:
    """What went in against what came out."""
    if received == batch.rows.num_rows + len(batch.quarantined) + len(batch.held):
        return batch._replace(received=received)
    came_out = Counter(batch.rows["record_id"].to_pylist()) + _ids(batch.quarantined) + _ids(batch.held)
    return batch._replace(received=received, lost=tuple((_ids(lines) - came_out).elements()))


def _ids(lines: Iterable[bytes]) -> Counter[str]:
    return Counter(orjson.loads(line)["record_id"] for line in lines)
