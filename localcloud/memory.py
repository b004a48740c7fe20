"""Measures what a process and all its children hold in memory together."""

from __future__ import annotations

import threading

import psutil


class PeakMemory:
    """Samples the resident memory of this process tree until it is stopped; `.megabytes` is the highest sum seen.

    Pages that processes share are counted once for each, so the figure is an upper bound.
    """

    def __init__(self, interval_s: float = 0.25) -> None:
        self.megabytes = 0
        self._interval = interval_s
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True, name="peak-memory")

    def __enter__(self) -> PeakMemory:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        me = psutil.Process()
        while not self._stop.wait(self._interval):
            total = 0
            for process in [me, *me.children(recursive=True)]:
                try:
                    total += process.memory_info().rss
                except psutil.Error:
                    continue  # it ended between the listing and the reading
            self.megabytes = max(self.megabytes, total // 2**20)
