"""Prints how many records per second the sample data's generator writes, per file and all together.

Every file is made in this process, so that its CPU time is its own; the whole day is written by one process and by one
per processor, with the answer key. Wall seconds depend on what else the machine does; CPU seconds less so.

    python benchmarks/generator.py --events 100000
"""

from __future__ import annotations

import argparse
import gc
import os
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from sample_data.days import deliveries
from sample_data.world import Sizes, World
from sample_data.writing import write_day, write_part

FIRST_DAY = date(2026, 3, 2)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=100_000, help="click events, the rest in proportion (100,000)")
    events = parser.parse_args().events
    gc.disable()  # as the command does
    world = World(7, Sizes(max(10, events // 20), max(1, events // 500), events // 2, events), FIRST_DAY)
    print(f"{'file':<32} {'records':>10} {'records/s':>10} {'CPU s':>7}")
    for delivery in deliveries(world, 1):
        started = time.process_time()
        for place in range(len(delivery.parts)):
            write_part(delivery, place)
        _show(f"{delivery.dataset} of {delivery.source}", delivery.count, time.process_time() - started)
    print(f"\n{'whole day, answer key included':<32} {'records':>10} {'records/s':>10} {'wall s':>7}")
    for processes in sorted({1, os.cpu_count() or 1}):
        with tempfile.TemporaryDirectory() as folder:
            started = time.perf_counter()
            expected = write_day(world, 1, Path(folder), processes=processes)
            count = sum(fates["received"] for fates in expected.values())
            _show(f"{processes} processes", count, time.perf_counter() - started)


def _show(name: str, count: int, seconds: float) -> None:
    print(f"{name:<32} {count:>10,} {count / max(seconds, 1e-9):>10,.0f} {seconds:>7.2f}", flush=True)


if __name__ == "__main__":
    main()
