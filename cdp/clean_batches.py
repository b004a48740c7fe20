"""All lines of a dataset are cleaned in batches of bounded size, many of them by several processes at once."""

from __future__ import annotations

import gc
import os
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from contextlib import contextmanager
from io import BytesIO
from itertools import islice, pairwise
from multiprocessing import get_context, parent_process
from threading import Thread

import orjson
import pyarrow as pa

from cdp.clean import Batch, clean
from cdp.clean_judged import clean_judged
from cdp.clean_layout import typed_schema
from cdp.records import RawLines

# More at once are slower: their values no longer fit the processor's cache. Engine and bucket like more.
PART_RECORDS, BATCH_RECORDS = 1_000, 20_000
PART_BYTES = 1024 * 1024  # the same, read by column
# A process takes a second to start: as long as cleaning 50,000 records.
PROCESSES, RECORDS_FOR_PROCESSES = min(os.cpu_count() or 1, 4), 250_000


@contextmanager
def processes(records: int) -> Iterator[Executor | None]:
    """Processes to clean so many records with, one per processor; None where starting them takes longer."""
    if records < RECORDS_FOR_PROCESSES:
        yield None
        return
    # Not forked: the engine's threads would be lost in the copies, with the locks they hold.
    with ProcessPoolExecutor(PROCESSES, get_context("spawn"), initializer=_start) as pool:
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
    if pool is None:
        yield from (_batch(dataset, some, run_id) for some in _cut(raw))
        return
    waiting: deque[Future[Batch]] = deque()
    for some in _cut(raw):
        waiting.append(pool.submit(_batch, dataset, some, run_id))
        if len(waiting) > PROCESSES:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()


def _cut(raw: Iterable[RawLines]) -> Iterator[list[RawLines]]:
    """As many as make a batch, and at least one."""
    some: list[RawLines] = []
    records = 0
    for lines in raw:
        some.append(lines)
        records += lines.text.count(b"\n")
        if records >= BATCH_RECORDS:
            yield some
            some, records = [], 0
    if some:
        yield some


def _batch(dataset: str, raw: list[RawLines], run_id: str) -> Batch:
    with _no_collector():
        found = [part for lines in _joined(raw) for part in _parts(dataset, lines, run_id)]
    return Batch(
        received=sum(part.received for part in found),
        rows=pa.concat_tables([typed_schema(dataset).empty_table(), *(part.rows for part in found)]),
        quarantined=[line for part in found for line in part.quarantined],
        held=[line for part in found for line in part.held],
        lost=tuple(record_id for part in found for record_id in part.lost),
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


def _parts(dataset: str, raw: RawLines, run_id: str) -> Iterator[Batch]:
    """Some lines, cleaned by column where they are judged and Arrow can read them, else record by record."""
    batch = clean_judged(dataset, raw.text, run_id) if raw.is_judged else None
    lines = BytesIO(raw.text)
    if batch is not None:
        yield _counted(batch, raw.text.count(b"\n"), lines)
        return
    while some := list(islice(lines, PART_RECORDS)):
        yield _counted(clean(dataset, some, run_id), len(some), some)


def _counted(batch: Batch, received: int, lines: Iterable[bytes]) -> Batch:
    """What went in against what came out."""
    if received == batch.rows.num_rows + len(batch.quarantined) + len(batch.held):
        return batch._replace(received=received)
    came_out = Counter(batch.rows["record_id"].to_pylist()) + _ids(batch.quarantined) + _ids(batch.held)
    return batch._replace(received=received, lost=tuple((_ids(lines) - came_out).elements()))


def _joined(raw: list[RawLines]) -> Iterator[RawLines]:
    """The same lines; judged ones in fewer pieces, as those of the stream are small and a column costs by the call."""
    waiting: list[bytes] = []
    for lines, after in pairwise([*raw, RawLines(b"", is_judged=False)]):
        waiting.append(lines.text)
        if not (lines.is_judged and after.is_judged) or sum(map(len, waiting)) >= PART_BYTES:
            yield RawLines(b"".join(waiting), lines.is_judged)
            waiting = []


def _ids(lines: Iterable[bytes]) -> Counter[str]:
    return Counter(orjson.loads(line)["record_id"] for line in lines)
