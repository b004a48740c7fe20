"""What several processes make together, in order: each makes the next part that none has taken yet.

Another process hands over what it made as a file. Through a pipe it would come 64 KB at a time, each read by a thread
that first waits until what this process makes lets it have its turn; the other process stood still for so long.
"""

from __future__ import annotations

import gc
import pickle
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Generic, TypeVar

T = TypeVar("T")
Make = Callable[[int], T]


def in_order(count: int, make: Make[T], start: Callable[[], Make[T]], processes: int, folder: Path) -> Iterator[T]:
    """`make(0)` to `make(count - 1)`; another process gets its own `make` from `start`, which is sent to it.

    `folder` is on a disk with room for what waits for its turn. What fails in another process is raised here.
    """
    if processes == 1:
        yield from map(make, range(count))
        return
    context = get_context("spawn")
    taken: Synchronized[int] = context.Value("l", 0)
    with (
        TemporaryDirectory(dir=folder) as waiting,
        ProcessPoolExecutor(processes - 1, context, _counts_with, (taken,)) as pool,
    ):
        shelf: _Shelf[T] = _Shelf(Path(waiting))
        others = [pool.submit(_make_parts, count, start, shelf.folder) for _ in range(processes - 1)]
        try:
            for part in _untaken(taken, count):
                shelf.here[part] = make(part)
                yield from shelf.ready()
                for other in others:
                    if other.done():
                        other.result()
            yield from shelf.ready()
            for other in others:
                other.result()
            yield from shelf.ready()
        finally:
            taken.value = count


class _Shelf(Generic[T]):
    """Parts that wait for their turn: those made `here`, and those of other processes in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.here: dict[int, T] = {}
        self._next = 0

    def ready(self) -> Iterator[T]:
        """The parts whose turn it is."""
        while True:
            file = self.folder / str(self._next)
            if self._next in self.here:
                made = self.here.pop(self._next)
            elif file.exists():
                made = pickle.loads(file.read_bytes())
                file.unlink()
            else:
                return
            self._next += 1
            yield made


def _untaken(taken: Synchronized[int], count: int) -> Iterator[int]:
    """The parts that this process takes."""
    while True:
        with taken.get_lock():
            part = taken.value
            taken.value += 1
        if part >= count:
            return
        yield part


_taken: list[Synchronized[int]] = []


def _counts_with(taken: Synchronized[int]) -> None:
    _taken.append(taken)


def _make_parts(count: int, start: Callable[[], Make[T]], folder: Path) -> None:
    gc.disable()
    make = start()
    for part in _untaken(_taken[0], count):
        unfinished = folder / f"{part}.unfinished"
        with unfinished.open("wb") as file:
            pickle.dump(make(part), file, pickle.HIGHEST_PROTOCOL)
        unfinished.rename(folder / str(part))
