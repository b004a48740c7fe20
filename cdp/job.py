"""A Glue job gets its arguments, settings, ledger, lake and engine in one place and leaves nothing behind.

    with job("gate") as j:
        j.engine.read("clean.customer")

Arguments are Glue's: `--run_id`, `--run_at` (UTC), `--settings` (JSON) and those the job names. The settings say
which engine runs the steps; on Spark the Glue job is committed when the script has ended well.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from awsglue.utils import getResolvedOptions

from cdp.aws.lake import Lake
from cdp.aws.ledger import Ledger
from cdp.run import branch_of, parse_time
from cdp.settings import Settings, SettingsError

if TYPE_CHECKING:
    from cdp.engines.duckdb import DuckDBEngine
    from cdp.engines.spark import SparkEngine

    Engine = DuckDBEngine | SparkEngine


@dataclass(frozen=True)
class Job:
    """What a job script works with."""

    run_id: str
    run_at: datetime
    arguments: dict[str, str]
    settings: Settings
    ledger: Ledger
    lake: Lake
    engine: Engine


@contextmanager
def job(*arguments: str, memory_limit: str = "1GB") -> Iterator[Job]:
    """The job's context; `arguments` are names of further arguments, found in `.arguments`.

    `memory_limit` is the embedded engine's; what does not fit is spilled. Spark has its workers' memory.
    """
    options = getResolvedOptions(sys.argv, ["run_id", "run_at", "settings", *arguments])
    settings = Settings.from_json(options["settings"])
    lake = Lake(settings, branch_of(options["run_id"]))
    with _engine(settings, lake, options, memory_limit) as engine:
        yield Job(
            run_id=options["run_id"],
            run_at=parse_time(options["run_at"]),
            arguments={name: options[name] for name in arguments},
            settings=settings,
            ledger=Ledger(settings.table("ledger")),
            lake=lake,
            engine=engine,
        )


@contextmanager
def _engine(settings: Settings, lake: Lake, options: Mapping[str, str], memory_limit: str) -> Iterator[Engine]:
    """The engine that the settings name; only its library is imported. Raises SettingsError."""
    if settings.engine == "duckdb":
        from cdp.engines.duckdb import DuckDBEngine

        with closing(DuckDBEngine(lake, memory_limit=memory_limit)) as embedded:
            yield embedded
    elif settings.engine == "spark":
        from awsglue.context import GlueContext
        from awsglue.job import Job as GlueJob

        from cdp.engines.spark import SparkEngine

        with closing(SparkEngine(lake, settings.work_folder)) as spark:
            glue_job = GlueJob(GlueContext(spark.session.sparkContext))
            glue_job.init(options.get("JOB_NAME", "job"), dict(options))
            yield spark
            glue_job.commit()
    else:
        raise SettingsError(f"engine is duckdb or spark, not {settings.engine}")


def report(**figures: object) -> None:
    """One line of JSON about the job's work in its log: names, counts and seconds, never a record's values."""
    print(json.dumps(figures, default=str), flush=True)
