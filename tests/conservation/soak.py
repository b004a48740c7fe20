"""Random schedules until the count is reached: what was tried, and how many records were lost. Exits 1 on a loss.

make soak                       200 schedules, the first of them over a million records, and kills at every state
make soak SCHEDULES=5 RECORDS=2000 SEED=41
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from sample_data.world import Sizes
from tests.conservation.conftest import differing
from tests.conservation.platform import Platform, a_platform
from tests.conservation.schedule import died, kills_everywhere, play
from tests.conservation.world import Arrival, arrivals

SMALL = Sizes(customers=12, products=5, transactions=30, events=40)


def sizes(records: int) -> Sizes:
    """A world of about so many records over both days, in the proportions of the demo's."""
    return Sizes(max(12, records // 40), max(5, records // 1000), max(30, records // 5), max(40, records // 3))


def main() -> int:
    """Play the schedules, the large one first; the table of what was tried."""
    parser = argparse.ArgumentParser(description="Random orders, batches, redeliveries and kills; nothing may be lost.")
    parser.add_argument("--schedules", type=int, default=200, help="default: %(default)s")
    parser.add_argument("--records", type=int, default=1_000_000, help="of the first schedule (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="of the first schedule, the others follow (default: 1)")
    parser.add_argument("--runs", type=int, default=3, help="runs of a schedule before it settles (default: 3)")
    parser.add_argument("--kills", type=int, default=8, help="within each state, beside one before it (default: 8)")
    options, console = parser.parse_args(), Console()
    logging.disable(logging.CRITICAL)
    os.environ["POWERTOOLS_METRICS_DISABLED"] = "true"  # they are printed, between the progress and the table
    tried, wrong = Counter[str](), dict[int, Any]()
    try:
        with Progress(console=console) as progress:
            bar = progress.add_task("schedules", total=options.schedules)
            for world, seeds in _worlds(options):
                with _expected(world) as expected:
                    for seed in seeds:
                        progress.update(bar, description=f"seed {seed}, {len(world):,} records")
                        found = _play(world, seed, options.runs, expected, tried)
                        if found:
                            wrong[seed] = found
                            again = f"make soak SCHEDULES=1 SEED={seed} RECORDS={options.records}"
                            console.print(f"[red]seed {seed}: {found}[/]\nagain: {again}")
                        progress.advance(bar)
            if options.kills:
                progress.update(bar, description="killed at every state")
                if found := _killed_everywhere(arrivals(7, SMALL), options.kills, tried):
                    wrong[0] = found
                    console.print(f"[red]killed at every state: {found}[/]")
    except KeyboardInterrupt:
        console.print("Interrupted; what was tried until then:")
    _show(console, tried, wrong)
    return 1 if wrong else 0


def _worlds(options: argparse.Namespace) -> Iterator[tuple[list[Arrival], Sequence[int]]]:
    """The large world for the first seed, a small one for the others."""
    seeds = range(options.seed, options.seed + options.schedules)
    yield arrivals(7, sizes(options.records)), seeds[:1]
    if seeds[1:]:
        yield arrivals(7, SMALL), seeds[1:]


@contextmanager
def _expected(world: list[Arrival]) -> Iterator[dict[str, Any]]:
    with _platform() as platform:
        platform.deliver(world)
        platform.settle()
        found = platform.tables()
    yield found


def _play(world: list[Arrival], seed: int, runs: int, expected: dict[str, Any], tried: Counter[str]) -> Any:
    """What differs after a schedule, or the error that ended it; empty when all is as expected."""
    with _platform() as platform:
        try:
            tried.update(play(platform, world, seed, runs))
        except Exception as error:
            return repr(error)
        tried["records delivered"] += len(world)
        tried["runs"] += len(platform.runs())
        return differing(expected, platform.tables())


def _killed_everywhere(world: list[Arrival], most: int, tried: Counter[str]) -> Any:
    """What differs after a run was killed before every state and at some effects within, each time re-run."""
    with _platform() as whole:
        whole.deliver(world)
        whole.run()
        expected, kills = whole.tables(), kills_everywhere(whole, most)
    with _platform() as platform:
        platform.deliver(world)
        try:
            for number, (state, effect) in enumerate(kills):
                if not died(platform, state, effect, says_goodbye=number % 2 == 0):
                    platform.deliver(world)  # less was left to do than in a first run: it ended, and all comes again
                tried[f"killed at state {state}"] += 1
            platform.settle()
        except Exception as error:
            return repr(error)
        return differing(expected, platform.tables())


@contextmanager
def _platform() -> Iterator[Platform]:
    with tempfile.TemporaryDirectory(prefix="cdp-soak-") as folder, a_platform(Path(folder)) as platform:
        yield platform


def _show(console: Console, tried: Counter[str], wrong: dict[int, Any]) -> None:
    table = Table("fault", "times", title="Soak")
    for fault, count in sorted(tried.items()):
        table.add_row(fault, f"{count:,}")
    table.add_row("schedules with another result", str(len(wrong)))
    table.add_row("records lost or doubled", str(sum(_rows(found) for found in wrong.values())))
    console.print(table)


def _rows(found: Any) -> int:
    """Rows that are missing or too many, at least one of a schedule that did not end."""
    return sum(abs(t[2] - t[3]) or 1 for t in found.values()) if isinstance(found, dict) else 1


if __name__ == "__main__":
    sys.exit(main())
