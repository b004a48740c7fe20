"""Both days of a small world, written once."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from cdp.landing import Landing
from cdp.records import Record, Rejected, receive
from sample_data.world import Sizes, World
from sample_data.writing import write_day

SIZES = Sizes(customers=500, products=40, transactions=3_000, events=6_000)
STREAM = "stream/events.jsonl"


@dataclass(frozen=True)
class Received:
    file: str
    number: int
    source: str
    dataset: str
    value: dict[str, Any] | Rejected
    record_id: str


class Day:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.expected = json.loads((folder / "expected.json").read_text())
        self.answers = pq.read_table(folder / "answer_key.parquet").to_pylist()
        self.faults = [answer for answer in self.answers if answer["fault"]]
        self.received = [*self._landed(), *self._streamed()]

    def rows(self, dataset: str, source: str = "") -> list[dict[str, Any]]:
        """The values of a dataset that keep their contract."""
        return [
            received.value
            for received in self.received
            if received.dataset == dataset and source in ("", received.source) and isinstance(received.value, dict)
        ]

    def _landed(self) -> Iterator[Received]:
        for path in sorted(self.folder.glob("landing/*/*/*")):
            source, contract = path.parts[-3:-1]
            file = str(path.relative_to(self.folder))
            with path.open("rb") as stream:
                for number, row in enumerate(Landing.of(file).rows(stream), start=1):
                    record = receive(
                        row.payload,
                        source=source,
                        contract_name=contract,
                        received_at="",
                        origin="",
                        format=row.format,
                        rejection=row.rejection,
                    )
                    yield _received(file, number, source, contract, record)

    def _streamed(self) -> Iterator[Received]:
        for number, payload in enumerate(_lines(self.folder / STREAM), start=1):
            record = receive(
                payload,
                source="web",
                contract_name="clickstream_event.v1",
                received_at="",
                origin="",
                is_self_described=True,
            )
            yield _received(STREAM, number, "web", record.envelope["contract"], record)


def _lines(path: Path) -> list[bytes]:
    return path.read_bytes().split(b"\n")[:-1]


def _received(file: str, number: int, source: str, contract: str, record: Record) -> Received:
    return Received(file, number, source, contract.split(".")[0], record.value, record.envelope["record_id"])


@pytest.fixture(scope="session")
def world() -> World:
    return World(7, SIZES, date(2026, 3, 2))


@pytest.fixture(scope="session")
def days(world: World, tmp_path_factory: pytest.TempPathFactory) -> Callable[[int], Day]:
    out = tmp_path_factory.mktemp("sample_data")
    written: dict[int, Day] = {}

    def day(number: int) -> Day:
        if number not in written:
            write_day(world, number, out)
            written[number] = Day(out / f"day={number}")
        return written[number]

    return day


@pytest.fixture(scope="session")
def day_one(days: Callable[[int], Day]) -> Day:
    return days(1)


@pytest.fixture(scope="session")
def day_two(days: Callable[[int], Day]) -> Day:
    return days(2)
