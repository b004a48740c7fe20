"""Records of a small world, each as the bytes it arrives in, to be delivered in any order and any batches."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from itertools import groupby
from typing import NamedTuple

from sample_data.days import STREAM, deliveries
from sample_data.lines import header, line_of
from sample_data.samples import Delivery
from sample_data.world import Sizes, World


class Arrival(NamedTuple):
    """One record: the folder of the file it lands in (or the stream), the file's header, its line, and its fate."""

    place: str
    suffix: str
    header: bytes
    line: bytes
    payload: bytes
    source: str
    dataset: str
    stage: str
    fate: str


class File(NamedTuple):
    """Records that land together in one file, or are taken together from the stream."""

    place: str
    suffix: str
    content: list[bytes]


def arrivals(seed: int, sizes: Sizes) -> list[Arrival]:
    """All records of both days, with their faults and what must become of them."""
    world = World(seed, sizes, date(2026, 3, 2))
    return [arrival for day in (1, 2) for delivery in deliveries(world, day) for arrival in _of(delivery)]


def files(some: Iterable[Arrival]) -> list[File]:
    """The files and stream batches in which some records arrive; within each the order given."""
    by_place = sorted(some, key=_file)
    groups = groupby(by_place, key=_file)
    return [
        File(place, suffix, [*([head] if head else []), *(a.line for a in group)])
        for (place, suffix, head), group in groups
    ]


def _file(arrival: Arrival) -> tuple[str, str, bytes]:
    return arrival.place, arrival.suffix, arrival.header


def _of(delivery: Delivery) -> Iterator[Arrival]:
    folder, _, name = delivery.path.rpartition("/")
    place, suffix = STREAM if delivery.path == STREAM else folder, name.split(".", 1)[1]
    line = line_of(delivery.columns)
    for part in delivery.parts:
        for sample in part.make():
            text, payload = line(sample)
            stage, fate = sample.fate.value
            yield Arrival(
                place, suffix, header(delivery.columns), text, payload, delivery.source, delivery.dataset, stage, fate
            )
