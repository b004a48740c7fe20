"""Both days of a small world, written once."""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from cdp.records import Rejected, receive
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


class Day:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.expected = json.loads((folder / "expected.json").read_text())
        self.faults = [json.loads(line) for line in (folder / "faults.jsonl").read_text().splitlines()]
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
            payloads = _csv_payloads(path) if path.suffix == ".csv" else _lines(path)
            for number, payload in enumerate(payloads, start=1):
                kind = "csv_row" if path.suffix == ".csv" else "json"
                record = receive(payload, source=source, contract_name=contract, received_at="", origin="", format=kind)
                yield Received(str(path.relative_to(self.folder)), number, source, contract.split(".")[0], record.value)

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
            yield Received(STREAM, number, "web", record.envelope["contract"].split(".")[0], record.value)


def _lines(path: Path) -> list[bytes]:
    packed = path.read_bytes()
    return (gzip.decompress(packed) if path.suffix == ".gz" else packed).split(b"\n")[:-1]


def _csv_payloads(path: Path) -> Iterator[bytes]:
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            yield json.dumps({name: text for name, text in row.items() if text is not None}).encode()


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
