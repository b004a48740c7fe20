"""Prints how many records per second the sample data's generator writes, per file and all together.

Every file is made in this process, so that its CPU time is its own. The whole day is what the command writes, start and
answer key included, by one process and by one per processor; its CPU seconds are those of all its processes. Wall
seconds depend on what else the machine does; CPU seconds less so.

    python benchmarks/generator.py --events 400000
"""

from __future__ import annotations

import argparse
import gc
import os
import resource
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from sample_data.days import deliveries
from sample_data.world import Sizes, World
from sample_data.writing import write_part

ROOT = Path(__file__).resolve().parent.parent
FIRST_DAY = date(2026, 3, 2)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=400_000, help="click events, the rest in proportion (400,000)")
    events = parser.parse_args().events
    gc.disable()  # as the command does
    sizes = Sizes(max(10, events // 20), max(1, events // 500), events // 2, events)
    print(f"{'file':<32} {'records':>10} {'records/s':>10} {'of CPU s':>10} {'CPU s':>7} {'wall s':>7}", flush=True)
    total = 0
    for delivery in deliveries(World(7, sizes, FIRST_DAY), 1):
        total += delivery.count
        wall, cpu = time.perf_counter(), time.process_time()
        for place in range(len(delivery.parts)):
            write_part(delivery, place)
        made = f"{delivery.dataset} of {delivery.source}"
        _show(made, delivery.count, time.perf_counter() - wall, time.process_time() - cpu)
    for processes in sorted({1, os.cpu_count() or 1}):
        _show(f"the day, {processes} processes", total, *_seconds(sizes, processes))


def _seconds(sizes: Sizes, processes: int) -> tuple[float, float]:
    """Wall and CPU seconds of the command."""
    given = [f"--{name}={size}" for name, size in sizes._asdict().items()]
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "sample_data", "--out", folder, "--day=1", f"--processes={processes}", *given]
        wall, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.perf_counter() - wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _show(name: str, count: int, wall: float, cpu: float) -> None:
    per_second = f"{count / max(wall, 1e-9):>10,.0f} {count / max(cpu, 1e-9):>10,.0f}"
    print(f"{name:<32} {count:>10,} {per_second} {cpu:>7.2f} {wall:>7.2f}", flush=True)


if __name__ == "__main__":
    main()
