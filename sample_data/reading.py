"""A written day's files as ingestion receives them, record by record."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from cdp.landing import Landing
from cdp.records import Record, receive
from sample_data.days import STREAM


class Received(NamedTuple):
    """One file of the day (its path below the day's folder), the dataset it is for, and its records in order."""

    file: str
    dataset: str
    records: Iterator[Record]


def received(day: Path, received_at: str) -> Iterator[Received]:
    """The landed files of a day's folder by path, then its stream."""
    for path in sorted(day.glob("landing/*/*/*")):
        landing = Landing.of(str(path.relative_to(day)))
        yield Received(landing.key, landing.contract.dataset, _landed(path, landing, received_at))
    yield Received(STREAM, "clickstream_event", _streamed(day / STREAM, received_at))


def _landed(path: Path, landing: Landing, received_at: str) -> Iterator[Record]:
    with path.open("rb") as stream:
        yield from landing.records(stream, received_at)


def _streamed(path: Path, received_at: str) -> Iterator[Record]:
    with path.open("rb") as stream:
        for number, line in enumerate(stream, start=1):
            yield receive(
                line.removesuffix(b"\n"),
                source="web",
                contract_name="clickstream_event.v1",
                received_at=received_at,
                origin=f"{STREAM}#{number}",
                is_self_described=True,
            )
