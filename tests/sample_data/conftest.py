"""Both days of a small world, written once."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from cdp.records import Record, Rejected
from sample_data.reading import received
from sample_data.world import Sizes, World
from sample_data.writing import write_day

SIZES = Sizes(customers=500, products=40, transactions=3_000, events=6_000)


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
        self.received = [
            _received(file.file, number, record)
            for file in received(self.folder, "")
            for number, record in enumerate(file.records, start=1)
        ]

    def rows(self, dataset: str, source: str = "") -> list[dict[str, Any]]:
        """The values of a dataset that keep their contract."""
        return [
            received.value
            for received in self.received
            if received.dataset == dataset and source in ("", received.source) and isinstance(received.value, dict)
        ]


def _received(file: str, number: int, record: Record) -> Received:
    envelope = record.envelope
    dataset = envelope["contract"].split(".")[0]
    return Received(file, number, envelope["source"], dataset, record.value, envelope["record_id"])


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
