"""Random schedules until the count is reached: what was tried, and how many records were lost. Exits 1 on a loss.

make soak                                   a million records over 200 schedules, and runs killed at every state:
                                            about two hours of one core, measured in docs/soak.md
make soak SCHEDULES=1 KILLS=0               the same million in one schedule
make soak SCHEDULES=5 RECORDS=2000 SEED=41  small, from another seed
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
import tempfile
from array import array
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import cache, partial
from hashlib import blake2b
from multiprocessing import get_context
from pathlib import Path
from time import monotonic
from typing import NamedTuple

from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress, TimeElapsedColumn
from rich.table import Table

from sample_data.world import Sizes
from tests.conservation.platform import Platform, a_platform
from tests.conservation.schedule import Kill, died, kills_everywhere, play
from tests.conservation.world import Arrival, arrivals

SEED = 7  # of the world; a schedule's own says what becomes of it
FEW = 80  # asks for the smallest world there is, which is enough to be killed at every state


class Whole(NamedTuple):
    """What a world ends in when all of it comes at once and nothing goes wrong, and where its run can be killed.

    `tables` are the digests of the published rows, sorted, by table.
    """

    tables: dict[str, array[int]]
    kills: list[Kill]


class Found(NamedTuple):
    """What a trial tried, and what is wrong after it, in words; `rows` are missing or too many."""

    tried: Counter[str]
    wrong: str = ""
    rows: int = 0


def sizes(records: int) -> Sizes:
    """A world of about so many records over both days, in the proportions of the demo's."""
    return Sizes(
        max(12, records // 28), max(5, records // 1000), max(30, records * 2 // 7), max(40, records * 12 // 25)
    )


@cache
def world(records: int) -> list[Arrival]:
    """The same records in every process."""
    return arrivals(SEED, sizes(records))


def whole(records: int, most: int) -> Whole:
    """The run that all trials are held against, on an empty platform; kills at no more than `most` effects a state."""
    with _platform() as platform:
        platform.deliver(world(records))
        if (ended := platform.run()) != "SUCCEEDED":
            raise AssertionError(f"a run that nothing disturbed ended {ended}: {platform.error!r}")
        return Whole(digests(platform), kills_everywhere(platform, most))


def digests(platform: Platform) -> dict[str, array[int]]:
    """A number for every published row, sorted, by table: a million rows are compared without being held."""
    return {
        name: array("Q", sorted(int.from_bytes(blake2b(repr(row).encode(), digest_size=8).digest()) for row in rows))
        for name, rows in platform.published()
    }


def compared(tried: Counter[str], expected: Whole, platform: Platform) -> Found:
    """What is wrong with the published rows."""
    wrong, count = [], 0
    for name, found in digests(platform).items():
        wanted = expected.tables[name]
        if wanted != found:
            missing, others = (Counter(wanted) - Counter(found)).total(), (Counter(found) - Counter(wanted)).total()
            wrong.append(f"{name} lacks {missing:,} rows and has {others:,} others")
            count += max(missing, others)
    return Found(tried, "; ".join(wrong), count)


def scheduled(records: int, seed: int, expected: Whole) -> Found:
    """All records in two or three runs and what it takes to settle, as the seed says."""
    tried = Counter[str]()
    with _platform() as platform:
        try:
            play(platform, world(records), seed, runs=2 + seed % 2, tried=tried)
        except Exception as error:
            return Found(tried, repr(error), 1)
        tried["records delivered"] += len(world(records))
        tried["runs"] += len(platform.runs())
        return compared(tried, expected, platform)


def killed(records: int, state: str, expected: Whole) -> Found:
    """Runs killed before a state and at some of its effects, one after the other, each time re-run."""
    tried = Counter[str]()
    with _platform() as platform:
        platform.deliver(world(records))
        try:
            for number, (_, effect) in enumerate(kill for kill in expected.kills if kill.state == state):
                if died(platform, state, effect, says_goodbye=number % 2 == 0):
                    tried[f"killed in state {state}"] += 1
                else:
                    platform.deliver(world(records))  # less was left to do than in a first run: all comes again
            platform.settle()
        except Exception as error:
            return Found(tried, repr(error), 1)
        return compared(tried, expected, platform)


@contextmanager
def _platform() -> Iterator[Platform]:
    with tempfile.TemporaryDirectory(prefix="cdp-soak-") as folder, a_platform(Path(folder)) as platform:
        yield platform


def main() -> int:
    """Play the schedules on all processors; the table of what was tried, also when it is interrupted."""
    parser = argparse.ArgumentParser(description="Random orders, batches, redeliveries and kills; nothing may be lost.")
    parser.add_argument("--schedules", type=int, default=200, help="default: %(default)s")
    parser.add_argument("--records", type=int, default=1_000_000, help="over all schedules (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="of the first schedule, the others follow (default: 1)")
    parser.add_argument("--kills", type=int, default=8, help="within each state, beside one before it (default: 8)")
    parser.add_argument("--processes", type=int, default=os.cpu_count(), help="default: one to a processor")
    options, console, began = parser.parse_args(), Console(), monotonic()
    each, tried, wrong = options.records // options.schedules, Counter[str](), list[Found]()
    trials, left = dict[Future[Found], str](), list[str]()
    os.environ["POWERTOOLS_METRICS_DISABLED"] = "true"  # they are printed, between the progress and the table
    with (
        ProcessPoolExecutor(options.processes, get_context("spawn"), _start) as pool,
        Progress(
            *Progress.get_default_columns(), MofNCompleteColumn(), TimeElapsedColumn(), console=console
        ) as progress,
    ):
        try:
            bar = progress.add_task("what is expected", total=None)
            trials = {pool.submit(trial): name for name, trial in _trials(pool, each, options).items()}
            progress.update(bar, description=f"trials, {each:,} records to a schedule", total=len(trials))
            for future in as_completed(trials):
                found = future.result()
                tried.update(found.tried)
                if found.wrong:
                    wrong.append(found)
                    console.print(f"[red]{trials[future]}: {found.wrong}[/]")
                progress.advance(bar)
        except (KeyboardInterrupt, BrokenProcessPool) as error:
            pool.shutdown(wait=False, cancel_futures=True)
            first, *others = left = _left(trials) or ["all"]
            console.print(
                f"{type(error).__name__}: left are {first} and {len(others)} more. What was tried until then:"
            )
    _show(console, tried, wrong, monotonic() - began)
    return 1 if wrong or left else 0


def _left(trials: dict[Future[Found], str]) -> list[str]:
    return [name for future, name in trials.items() if not future.done() or future.cancelled() or future.exception()]


def _start() -> None:
    logging.disable(logging.CRITICAL)


def _trials(pool: ProcessPoolExecutor, each: int, options: argparse.Namespace) -> dict[str, Callable[[], Found]]:
    """By name; those that take longest first."""
    few = pool.submit(whole, FEW, options.kills) if options.kills else None
    expected = pool.submit(whole, each, 1).result()
    by_seed = range(options.seed, options.seed + options.schedules)
    again = f"make soak SCHEDULES=1 RECORDS={each} KILLS=0 SEED="
    found: dict[str, Callable[[], Found]] = {}
    if few:
        states = dict.fromkeys(kill.state for kill in few.result().kills)
        found |= {f"killed in {state}": partial(killed, FEW, state, few.result()) for state in states}
    return found | {f"{again}{seed}": partial(scheduled, each, seed, expected) for seed in by_seed}


def _show(console: Console, tried: Counter[str], wrong: list[Found], seconds: float) -> None:
    table = Table("fault", "times", title=f"Soak, {seconds / 60:.0f} minutes")
    for fault, count in sorted(tried.items()):
        table.add_row(fault, f"{count:,}")
    table.add_row("trials with another result", str(len(wrong)))
    table.add_row("records lost or doubled", f"{sum(found.rows for found in wrong):,}")
    console.print(table)


if __name__ == "__main__":
    sys.exit(main())
