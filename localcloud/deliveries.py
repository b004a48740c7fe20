"""Whatever one service hands to another on its own is counted until it has ended, and its failure is kept."""

from __future__ import annotations

import threading
import traceback
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from localcloud.clock import Clock

KEPT = 10_000
WORKERS = 8


@dataclass(frozen=True)
class Delivery:
    """One hand-over: `source` (a stream, a rule, a schedule) gave `records` records to `target`; "" = no error."""

    at: str
    source: str
    target: str
    records: int
    error: str = ""


class Deliveries:
    """The journal of hand-overs and the threads that make those nobody waits for."""

    def __init__(self, clock: Clock, stopping: threading.Event) -> None:
        self.stopping = stopping
        self._clock = clock
        self._journal: deque[Delivery] = deque(maxlen=KEPT)
        self._lock = threading.Lock()
        self._pending = 0
        self._pool = ThreadPoolExecutor(WORKERS, thread_name_prefix="delivery")

    @property
    def pending(self) -> int:
        """Number of hand-overs that were accepted and have not ended."""
        return self._pending

    def submit(self, source: str, target: str, work: Callable[[], object]) -> None:
        """Do `work` soon in another thread; an exception of it becomes an entry with an error."""
        with self._lock:
            self._pending += 1
        try:
            self._pool.submit(self._run, source, target, work)
        except RuntimeError:  # the pool was shut down: the cloud ends
            self._ended()

    def record(self, source: str, target: str, records: int, error: str = "") -> None:
        """Add an entry to the journal."""
        entry = Delivery(self._clock.now().isoformat(timespec="milliseconds"), source, target, records, error)
        self._journal.append(entry)

    def journal(self) -> list[Delivery]:
        """The newest entries, oldest first."""
        return list(self._journal)

    def stop(self) -> None:
        """Begin nothing new and wait for what runs; work that waits watches `stopping`."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _run(self, source: str, target: str, work: Callable[[], object]) -> None:
        try:
            work()
        except Exception as error:
            self.record(source, target, 1, "".join(traceback.format_exception_only(error)).strip())
        finally:
            self._ended()

    def _ended(self) -> None:
        with self._lock:
            self._pending -= 1
