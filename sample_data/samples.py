"""One generated record and what must become of it, and how records make a file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import chain
from typing import Any, NamedTuple

Record = dict[str, Any]
Cells = tuple[str, ...]
RECORDS_PER_PART = 20_000


class Fate(Enum):
    """(stage that decides, its word for it); what the ingest stage passes, the clean stage decides."""

    ACCEPTED = ("clean", "accepted")
    DUPLICATE = ("clean", "duplicate")
    LATE_HELD = ("clean", "late_held")
    NOT_CLEAN = ("clean", "quarantined")
    OFF_CONTRACT = ("ingest", "quarantined")
    UNKNOWN_CONTRACT = ("ingest", "quarantined of dataset unknown")


class Sample(NamedTuple):
    """`record` is an object to serialise, or the bytes or cells (CSV) exactly as they shall arrive.

    `reason` is the JSON pointer and the rule of the reason it must be kept back for, `person` who is behind it, None
    for somebody no source knows; `variation` names what a customer record says instead of the truth.
    """

    record: Record | bytes | Cells
    fate: Fate = Fate.ACCEPTED
    fault: str = ""
    person: int | None = None
    reason: str = ""
    variation: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a file that can be made without the rest: exactly `count` samples."""

    count: int
    make: Callable[[], Iterator[Sample]]

    @classmethod
    def of(cls, samples: Iterable[Sample]) -> Part:
        """A part of samples that are few."""
        made = list(samples)
        return cls(len(made), lambda: iter(made))


@dataclass(frozen=True, slots=True)
class Delivery:
    """One file of a day: `path` below the day's folder; CSV when it has columns, else JSON lines."""

    path: str
    source: str
    dataset: str
    parts: tuple[Part, ...]
    columns: tuple[str, ...] = ()

    @property
    def count(self) -> int:
        """Records in the file."""
        return sum(part.count for part in self.parts)


def grouped(pieces: Iterable[Part]) -> tuple[Part, ...]:
    """The pieces in order, joined to parts of about RECORDS_PER_PART."""
    made = list(pieces)
    return tuple(_joined(made[group.start : group.stop]) for group in groups([piece.count for piece in made]))


def groups(counts: Sequence[int]) -> list[range]:
    """The places of what has so many records, in ranges of about RECORDS_PER_PART."""
    found: list[range] = []
    start = total = 0
    for end, count in enumerate(counts, start=1):
        total += count
        if total >= RECORDS_PER_PART or end == len(counts):
            found.append(range(start, end))
            start, total = end, 0
    return found


def _joined(pieces: list[Part]) -> Part:
    pieces = list(pieces)
    return Part(sum(p.count for p in pieces), lambda: chain.from_iterable(p.make() for p in pieces))


def weave(regular: Iterator[Sample], extras: list[Sample], every: int) -> Iterator[Sample]:
    """The extras in their order, one after each `every` regular samples and the rest at the end."""
    waiting = iter(extras)
    for position, sample in enumerate(regular, start=1):
        yield sample
        if position % every == 0:
            yield from (extra for extra in [next(waiting, None)] if extra)
    yield from waiting
