"""A Glue job gets its arguments, settings, ledger, lake and engine in one place and leaves nothing behind.

    with job("gate") as j:
        j.engine.read("clean.customer")

Arguments are Glue's: `--run_id`, `--run_at` (UTC), `--settings` (JSON) and those the job names.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from awsglue.utils import getResolvedOptions

from cdp.aws.lake import Lake
from cdp.aws.ledger import Ledger
from cdp.engines.duckdb import DuckDBEngine
from cdp.run import branch_of
from cdp.settings import Settings


@dataclass(frozen=True)
class Job:
    """What a job script works with."""

    run_id: str
    run_at: datetime
    arguments: dict[str, str]
    settings: Settings
    ledger: Ledger
    lake: Lake
    engine: DuckDBEngine


@contextmanager
def job(*arguments: str) -> Iterator[Job]:
    """The job's context; `arguments` are names of further arguments, found in `.arguments`."""
    options = getResolvedOptions(sys.argv, ["run_id", "run_at", "settings", *arguments])
    settings = Settings.from_json(options["settings"])
    lake = Lake(settings, branch_of(options["run_id"]))
    engine = DuckDBEngine(lake)
    try:
        yield Job(
            run_id=options["run_id"],
            run_at=parse_time(options["run_at"]),
            arguments={name: options[name] for name in arguments},
            settings=settings,
            ledger=Ledger(settings.table("ledger")),
            lake=lake,
            engine=engine,
        )
    finally:
        engine.close()


def parse_time(text: str) -> datetime:
    """An RFC 3339 time as an aware datetime in UTC; a time without an offset is UTC."""
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def report(**figures: object) -> None:
    """One line of JSON about the job's work in its log: names, counts and seconds, never a record's values."""
    print(json.dumps(figures, default=str), flush=True)
