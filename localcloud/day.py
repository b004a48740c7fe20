"""One day of sample data on a platform that is there: it arrives, the schedule fires, the run agrees with the key."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from datetime import time as time_of_day
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from cdp.aws.ledger import Ledger
from cdp.aws.run_history import read_run
from cdp.run_summary import warnings
from cdp.settings import Settings
from localcloud import feed, screen, summary
from localcloud.cloud_process import RunningCloud
from localcloud.platform import Platform
from localcloud.redshift.wire import RedshiftServer
from sample_data.answer_key import Expected
from sample_data.world import World
from sample_data.writing import write_day

ARRIVAL = time_of_day(2, 0, tzinfo=UTC)  # when a day's data reaches the platform
SCHEDULED = time_of_day(2, 30, tzinfo=UTC)  # when EventBridge starts the daily run
POLL_S = 0.3
MOST_RUN_S = 1800.0
WAREHOUSE = {
    "host": "127.0.0.1",
    "database": "cdp",
    "user": "cdp",
    "ssl": "false",
    "iam_role": "arn:aws:iam::123456789012:role/cdp-local-warehouse",
}
PASSWORD = "local-only"


class DemoError(Exception):
    """The demo did not do what it must; the message says what and where to look."""


@dataclass
class Stage:
    """The cloud and the platform a demo plays on, and the figures as they come in."""

    work_dir: Path
    console: Console
    cloud: RunningCloud
    warehouse: RedshiftServer | None  # None where the cloud's process runs it
    platform: Platform
    runs: list[dict[str, Any]] = field(default_factory=list)

    @property
    def settings(self) -> Settings:
        """Settings that may read everything the demo shows."""
        grants = ["table/ledger", "bucket/raw", "bucket/quarantine", "warehouse"]
        return Settings.from_json(self.platform.settings("local", grants))

    def stop_warehouse(self) -> None:
        """Stop the warehouse that this process runs."""
        assert self.warehouse is not None
        self.warehouse.stop()

    def restart_warehouse(self) -> None:
        """Bring the warehouse back after it was stopped, on the same port and file."""
        assert self.warehouse is not None
        self.warehouse = start_warehouse(self.work_dir, self.cloud, self.warehouse.port)

    @property
    def ledger(self) -> Ledger:
        """The platform's ledger."""
        return Ledger(self.settings.table("ledger"))


def start_warehouse(work_dir: Path, cloud: RunningCloud, port: int = 0) -> RedshiftServer:
    """The laptop's Redshift over `warehouse.duckdb`, which reads its load files from the cloud."""
    return RedshiftServer(work_dir / "warehouse.duckdb", port, PASSWORD, cloud.client("s3")).start()


def play_day(stage: Stage, world: World, number: int) -> None:
    """Let one day's data arrive, let the schedule fire, wait for the run and hold it against the answer key."""
    run_day(stage, world, number, *let_day_arrive(stage, world, number))


def let_day_arrive(stage: Stage, world: World, number: int) -> tuple[Expected, float]:
    """One day's data in raw: the fates that its answer key states, and the seconds that its way there took."""
    day = world.first_day + timedelta(days=number - 1)
    stage.console.rule(f"Day {number}: {day:%A, %d %B %Y}")
    expected = write_day(world, number, stage.work_dir / "sample")
    began = time.monotonic()
    stage.cloud.control.set_clock(datetime.combine(day, ARRIVAL))
    arrive(stage, stage.work_dir / "sample" / f"day={number}", sum(fates["received"] for fates in expected.values()))
    return expected, round(time.monotonic() - began, 2)


def run_day(stage: Stage, world: World, number: int, expected: Expected, ingested_s: float) -> None:
    """Fire the daily schedule at its time on that day and hold the run against the answer key; raises DemoError."""
    day = world.first_day + timedelta(days=number - 1)
    stage.cloud.control.set_clock(datetime.combine(day, SCHEDULED))
    finish(stage, stage.cloud.control.fire(stage.platform.schedule["daily"]), ingested_s)
    if wrong := summary.differences(expected, stage.runs[-1]):
        raise DemoError("the fates are not what the sample data's answer key says:\n  " + "\n  ".join(wrong))


def arrive(stage: Stage, folder: Path, records: int) -> None:
    """Put the events on the stream, land the files, and wait until the consumers have taken all of it."""
    with bars(stage.console) as progress:
        stream = folder / "stream" / "events.jsonl"
        with stream.open("rb") as lines:
            events = sum(1 for _ in lines)
        files = [f for f in (folder / "landing").rglob("*") if f.is_file()]
        landing = progress.add_task("files to S3", total=len(files))
        putting = progress.add_task("events to Kinesis", total=events)
        bucket = stage.platform.bucket["raw"]
        feed.land_files(stage.cloud.client("s3"), bucket, folder / "landing", lambda n: progress.advance(landing, n))
        kinesis = stage.cloud.client("kinesis")
        feed.put_events(kinesis, stage.platform.stream["event"], stream, lambda n: progress.advance(putting, n))
        taking = progress.add_task("consumers to raw", total=records)
        stage.cloud.control.drained(timeout_s=600)
        progress.update(taking, completed=sum(r.received for r in stage.ledger.pending_receipts()))


def finish(stage: Stage, execution: str, ingested_s: float) -> None:
    """Show the states of an execution as they pass, and keep its figures; raises DemoError unless it SUCCEEDED."""
    states = stage.cloud.client("stepfunctions")
    deadline = time.monotonic() + MOST_RUN_S
    with stage.console.status("Step Functions: daily_pipeline") as status:
        while (run := states.describe_execution(executionArn=execution))["status"] == "RUNNING":
            if time.monotonic() > deadline:
                raise DemoError(f"execution {execution} still runs after {MOST_RUN_S:g} s")
            history = states.get_execution_history(executionArn=execution, reverseOrder=True, maxResults=20)["events"]
            entered = [e["stateEnteredEventDetails"]["name"] for e in history if "stateEnteredEventDetails" in e]
            status.update(f"Step Functions: daily_pipeline: {entered[0] if entered else 'starting'}")
            time.sleep(POLL_S)
    if run["status"] != "SUCCEEDED":
        raise DemoError(
            f"the run is {run['status']}: {run.get('error', '')}: {run.get('cause', '')}\n"
            f"Logs of functions and jobs: {stage.cloud.work_dir / 'logs'}"
        )
    figures = read_run(stage.ledger, summary.run_id_of(run))
    figures["seconds"] = {"ingest": ingested_s, **figures["seconds"]}
    stage.runs.append(figures)
    screen.show_run(stage.console, figures, warnings(figures))


def bars(console: Console) -> Progress:
    """Progress bars with a count and the time."""
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description:20}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    return Progress(*columns, console=console)
