"""``python -m sample_data``: one day of sample data into a folder; the same arguments give the same bytes."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from datetime import date
from pathlib import Path

from sample_data.world import Sizes, World
from sample_data.writing import write_day


def main() -> None:
    """Read the arguments, write the day, say what is there."""
    parser = argparse.ArgumentParser(prog="python -m sample_data", description=__doc__, allow_abbrev=False)
    parser.add_argument("--out", type=Path, required=True, help="folder to write to; DIR/day=N is replaced")
    parser.add_argument("--day", type=int, choices=(1, 2), required=True, help="1 is all valid, 2 has faults")
    for name, least, size in zip(Sizes._fields, (10, 1, 0, 0), Sizes(), strict=True):
        parser.add_argument(f"--{name}", type=_at_least(least), default=size, help=f"on day 1 ({size:,})")
    parser.add_argument("--seed", type=int, default=7, help="another seed, another world (7)")
    parser.add_argument(
        "--first-day", type=date.fromisoformat, default=date(2026, 3, 2), help="date of day 1 (2026-03-02)"
    )
    given = parser.parse_args()
    sizes = Sizes(given.customers, given.products, given.transactions, given.events)
    expected = write_day(World(given.seed, sizes, given.first_day), given.day, given.out)
    received = ", ".join(f"{fates['received']:,} {dataset}" for dataset, fates in expected.items())
    print(f"{given.out / f'day={given.day}'}: {received}")


def _at_least(least: int) -> Callable[[str], int]:
    def whole(text: str) -> int:
        number = int(text)
        if number < least:
            raise argparse.ArgumentTypeError(f"must be {least} or more")
        return number

    return whole


if __name__ == "__main__":
    main()
