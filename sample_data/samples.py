"""One generated record and what must become of it."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from typing import Any, NamedTuple

Record = dict[str, Any]


class Fate(Enum):
    """(stage that decides, its word for it); what the ingest stage passes, the clean stage decides."""

    ACCEPTED = ("clean", "accepted")
    DUPLICATE = ("clean", "duplicate")
    LATE_HELD = ("clean", "late_held")
    FUTURE_DATED = ("clean", "quarantined")
    OFF_CONTRACT = ("ingest", "quarantined")
    UNKNOWN_CONTRACT = ("ingest", "quarantined of dataset unknown")


class Sample(NamedTuple):
    """`record` is an object to serialise, or the bytes (JSON) or cells (CSV) exactly as they shall arrive."""

    record: Record | bytes | list[str]
    fate: Fate = Fate.ACCEPTED
    fault: str = ""


class Delivery(NamedTuple):
    """One file of a day: `path` below the day's folder; CSV when it has columns, else JSON lines."""

    path: str
    dataset: str
    samples: Iterator[Sample]
    columns: tuple[str, ...] = ()


def weave(regular: Iterator[Sample], extras: list[Sample], every: int) -> Iterator[Sample]:
    """The extras in their order, one after each `every` regular samples and the rest at the end."""
    waiting = iter(extras)
    for position, sample in enumerate(regular, start=1):
        yield sample
        if position % every == 0:
            yield from (extra for extra in [next(waiting, None)] if extra)
    yield from waiting
