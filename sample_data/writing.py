"""Writes one day's files and its answer key; the bytes do not depend on how many processes write."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import date
from functools import partial
from itertools import accumulate
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq
from isal import igzip

from sample_data.answer_key import SCHEMA, Expected, answers, counted, expected_fates
from sample_data.days import deliveries
from sample_data.injection import injected
from sample_data.lines import header, line_of
from sample_data.samples import Delivery
from sample_data.sharing import in_order
from sample_data.world import Sizes, World

GZIP_LEVEL = 1
ANSWER_KEY = "answer_key.parquet"
REPEATED = [name for name in SCHEMA.names if name not in ("record", "record_id")]
Advance = Callable[[int, int], None]


class Job(NamedTuple):
    """All that says what a day's files hold; small, so that it can be sent to a process."""

    seed: int
    sizes: Sizes
    first_day: date
    day: int
    faults: tuple[tuple[str, float], ...]


class Written(NamedTuple):
    """One part of a file: its bytes as they stand in the file at `path`, and the answers."""

    path: str
    content: bytes
    answers: pa.Table
    counts: Counter[tuple[str, str, str]]


def write_day(
    world: World,
    day: int,
    out: Path,
    faults: Mapping[str, float] | None = None,
    processes: int = 1,
    advance: Advance = lambda records, total: None,
) -> Expected:
    """Replace ``out/day=<day>`` and return the fates that its ``expected.json`` states.

    `faults` are rates by name (see `injection`); `advance` is told how many records have been
    written, and of how many.
    """
    job = Job(world.seed, world.sizes, world.first_day, day, tuple(sorted((faults or {}).items())))
    made = planned(world, job)
    folder = out / f"day={day}"
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    total, done = sum(delivery.count for delivery in made), 0
    counts: list[Counter[tuple[str, str, str]]] = []
    with pq.ParquetWriter(folder / ANSWER_KEY, SCHEMA, compression="zstd", use_dictionary=REPEATED) as key:
        count = sum(len(delivery.parts) for delivery in made)
        for written in in_order(count, _writer(made), partial(_planned_writer, job), processes, folder):
            path = folder / written.path
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("ab") as file:
                file.write(written.content)
            key.write_table(written.answers)
            counts.append(written.counts)
            done += written.answers.num_rows
            advance(done, total)
    expected = expected_fates(counts)
    (folder / "expected.json").write_text(json.dumps(expected, indent=2) + "\n", newline="\n")
    return expected


def planned(world: World, job: Job) -> list[Delivery]:
    """The day's files with the faults asked for; their parts are made when they are written."""
    return injected(world, deliveries(world, job.day), dict(job.faults), job.day)


def write_part(delivery: Delivery, place: int) -> Written:
    """Make one part of a file."""
    before = list(accumulate((part.count for part in delivery.parts), initial=0))[place]
    samples = list(delivery.parts[place].make())
    lines, payloads = zip(*map(line_of(delivery.columns), samples), strict=True) if samples else ((), ())
    raw = b"".join([header(delivery.columns) if place == 0 else b"", *lines])
    packed = igzip.compress(raw, GZIP_LEVEL, mtime=0) if delivery.path.endswith(".gz") else raw
    return Written(
        delivery.path, packed, answers(delivery, before, payloads, samples), counted(delivery.dataset, samples)
    )


def _writer(made: list[Delivery]) -> Callable[[int], Written]:
    """What makes a part by its number, counted through all files."""
    parts = [(delivery, place) for delivery in made for place in range(len(delivery.parts))]
    return lambda number: write_part(*parts[number])


def _planned_writer(job: Job) -> Callable[[int], Written]:
    return _writer(planned(World(job.seed, job.sizes, job.first_day), job))
