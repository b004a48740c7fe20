"""``python -m sample_data``: one day of sample data into a folder; the same arguments give the same bytes."""

from __future__ import annotations

import argparse
import gc
import os
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path

import yaml
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from sample_data.days import STREAM
from sample_data.injection import InjectionError
from sample_data.requested_faults import MENU
from sample_data.streaming import StreamError, put
from sample_data.world import Sizes, World
from sample_data.writing import write_day

MOST_PROCESSES = 4
FEW = 50_000  # records are written before another process has started


def main() -> int:
    """Read the arguments, write the day, say what is there; the exit status."""
    gc.disable()  # no cycles are made, and looking for them would take a quarter of the time
    given = _arguments()
    sizes = Sizes(given.customers, given.products, given.transactions, given.events)
    world = World(given.seed, sizes, given.first_day)
    console, folder = Console(stderr=True), given.out / f"day={given.day}"
    try:
        rates = {**_profile(given.faults), **dict(given.fault)}
        with _bar(console) as bar:
            task = bar.add_task(f"day {given.day}", total=None)

            def advance(records: int, total: int) -> None:
                bar.update(task, completed=records, total=total)

            processes = given.processes or (1 if sum(sizes) < FEW else min(os.cpu_count() or 1, MOST_PROCESSES))
            expected = write_day(world, given.day, given.out, rates, processes, advance)
            on_stream = _put(folder / STREAM, given.to_stream, bar) if given.to_stream else ""
    except (InjectionError, StreamError, OSError, yaml.YAMLError) as error:
        console.print(f"[red]{error}[/]", soft_wrap=True)
        return 1
    except KeyboardInterrupt:
        console.print(f"Interrupted; {folder} is incomplete, the next call replaces it")
        return 130
    received = ", ".join(f"{fates['received']:,} {dataset}" for dataset, fates in expected.items() if fates["received"])
    print(f"{folder}: {received}")
    if on_stream:
        print(on_stream)
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m sample_data", description=__doc__, allow_abbrev=False)
    parser.add_argument("--out", type=Path, required=True, help="folder to write to; DIR/day=N is replaced")
    parser.add_argument("--day", type=int, choices=(1, 2), required=True, help="1 is all valid, 2 has faults")
    for name, least, size in zip(Sizes._fields, (10, 1, 0, 0), Sizes(), strict=True):
        parser.add_argument(f"--{name}", type=_at_least(least), default=size, help=f"on day 1 ({size:,})")
    parser.add_argument("--seed", type=int, default=7, help="another seed, another world (7)")
    parser.add_argument(
        "--first-day", type=date.fromisoformat, default=date(2026, 3, 2), help="date of day 1 (2026-03-02)"
    )
    parser.add_argument(
        "--fault",
        type=_rate,
        action="append",
        default=[],
        metavar="[DATASET.]NAME=RATE",
        help=f"give so many of the records a fault, such as duplicate=0.01; NAME is {', '.join(MENU)}",
    )
    parser.add_argument("--faults", type=Path, metavar="FILE", help="the same as a YAML file of name to rate")
    parser.add_argument("--to-stream", metavar="NAME", help="put the stream's records on this Kinesis stream as well")
    parser.add_argument("--processes", type=_at_least(1), help="that write (one per processor, one for few records)")
    return parser.parse_args()


def _put(file: Path, stream: str, bar: Progress) -> str:
    """Every line of the file as a record, and what to say of it; region and login are those of the AWS environment."""
    import boto3  # takes half a second, and most calls write files only
    from botocore.exceptions import BotoCoreError, ClientError

    with file.open("rb") as lines:
        task = bar.add_task(f"to {stream}", total=sum(1 for _ in lines))
        lines.seek(0)
        payloads = (line.rstrip(b"\n") for line in lines)
        try:
            count = put(boto3.client("kinesis"), stream, payloads, lambda records: bar.advance(task, records))
        except (BotoCoreError, ClientError) as error:
            raise StreamError(f"stream {stream}: {error}") from None
    return f"stream {stream}: {count:,} records"


def _profile(file: Path | None) -> dict[str, float]:
    if file is None:
        return {}
    rates = yaml.safe_load(file.read_text()) or {}
    if not isinstance(rates, dict) or not all(isinstance(rate, int | float) for rate in rates.values()):
        raise InjectionError(f"{file}: expected lines such as `duplicate: 0.01`")
    return {str(name): float(rate) for name, rate in rates.items()}


def _rate(text: str) -> tuple[str, float]:
    name, _, rate = text.partition("=")
    try:
        return name, float(rate)
    except ValueError:
        raise argparse.ArgumentTypeError(f"expected NAME=RATE such as duplicate=0.01, not {text}") from None


def _at_least(least: int) -> Callable[[str], int]:
    def whole(text: str) -> int:
        number = int(text)
        if number < least:
            raise argparse.ArgumentTypeError(f"must be {least} or more")
        return number

    return whole


def _bar(console: Console) -> Progress:
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    return Progress(*columns, console=console, transient=True)


if __name__ == "__main__":
    sys.exit(main())
