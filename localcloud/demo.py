"""Two days of customer data through the whole platform on this machine, with every figure read back afterwards."""

from __future__ import annotations

import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from datetime import time as time_of_day
from pathlib import Path
from typing import Any

import psutil
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from cdp import resources
from cdp.aws.ledger import Ledger
from cdp.aws.run_history import read_run, rejections
from cdp.aws.warehouse import Warehouse
from cdp.run_summary import warnings
from cdp.settings import Settings
from localcloud import feed, report, screen, spark_home, summary
from localcloud.cloud_process import CloudProcess
from localcloud.memory import PeakMemory
from localcloud.platform import Platform, create_platform
from localcloud.redshift.wire import RedshiftServer
from localcloud.terraform import Terraform
from sample_data.world import World
from sample_data.writing import write_day

ARRIVAL = time_of_day(2, 0, tzinfo=UTC)  # when a day's data reaches the platform
SCHEDULED = time_of_day(2, 30, tzinfo=UTC)  # when EventBridge starts the daily run
POLL_S = 0.3
STOP_S = 30.0
MOST_RUN_S = 1800.0
LOOK = "sql/warehouse/analytics/monthly_revenue.sql"
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
    cloud: CloudProcess
    warehouse: RedshiftServer
    platform: Platform
    runs: list[dict[str, Any]] = field(default_factory=list)

    @property
    def settings(self) -> Settings:
        """Settings that may read everything the demo shows."""
        grants = ["table/ledger", "bucket/raw", "bucket/quarantine", "warehouse"]
        return Settings.from_json(self.platform.settings("local", grants))

    def restart_warehouse(self) -> None:
        """Bring the warehouse back after it was stopped, on the same port and file."""
        self.warehouse = start_warehouse(self.work_dir, self.cloud, self.warehouse.port)

    @property
    def ledger(self) -> Ledger:
        """The platform's ledger."""
        return Ledger(self.settings.table("ledger"))


Creation = Callable[[CloudProcess, Mapping[str, str]], Platform]  # of the platform, given where the warehouse is


def play(world: World, work_dir: Path, console: Console, create: Creation, keep: bool = False) -> dict[str, Any]:
    """Play both days in a fresh `work_dir`, on what `create` makes; returns the summary.

    Raises DemoError when a run is not what it must be.
    """
    started = time.monotonic()
    shutil.rmtree(work_dir, ignore_errors=True)
    work_dir.mkdir(parents=True)
    (work_dir / "demo.pid").write_text(str(os.getpid()))
    with PeakMemory() as memory, open_stage(work_dir, console, create) as stage:
        for number in (1, 2):
            play_day(stage, world, number)
        finished = write_results(stage, memory, time.monotonic() - started)
        if keep:
            wait_for_interrupt(stage)
    return finished


@contextmanager
def open_stage(work_dir: Path, console: Console, create: Creation | None = None) -> Iterator[Stage]:
    """The cloud, the warehouse and the platform; all of it is gone afterwards but the files.

    `create` makes the platform; the default is the quick way, straight from the list.
    """
    with ExitStack() as stack:
        console.print("Starting AWS on this machine and creating the platform from terraform/platform.json")
        cloud = stack.enter_context(CloudProcess(work_dir / "cloud"))
        warehouse = start_warehouse(work_dir, cloud)
        where = WAREHOUSE | {"port": str(warehouse.port), "password": PASSWORD}
        os.environ.update(cloud.environment())  # the library's own clients, for the ledger and the warehouse
        platform = (create or from_list())(cloud, where)
        stage = Stage(work_dir, console, cloud, warehouse, platform)
        stack.callback(lambda: stage.warehouse.stop())
        yield stage


def from_list(engine: str = "duckdb", work_dir: Path | None = None) -> Creation:
    """The platform made by API calls, in seconds; `engine` runs the jobs that transform, with files in `work_dir`."""

    def create(cloud: CloudProcess, warehouse: Mapping[str, str]) -> Platform:
        catalog = spark_catalog(work_dir.resolve()) if engine == "spark" and work_dir else None
        return create_platform(cloud, batching_window_s=1, warehouse=warehouse, engine=engine, catalog=catalog)

    return create


def from_terraform(work_dir: Path, console: Console) -> Creation:
    """The platform made by Terraform, in two minutes, with every function and job under its own role."""

    def create(cloud: CloudProcess, warehouse: Mapping[str, str]) -> Platform:
        with console.status("terraform apply") as status:
            terraform = Terraform(cloud.environment(), work_dir, tell=lambda line: status.update(line))
            return terraform.apply(warehouse)

    return create


def spark_catalog(work_dir: Path) -> dict[str, str]:
    """A catalog for both engines: Spark's Glue catalog cannot be pointed at this machine. Raises DemoError."""
    catalog = spark_home.shared_catalog(work_dir / "catalog")
    try:
        os.environ.update(spark_home.environment(work_dir / "spark", catalog))
    except spark_home.SparkMissingError as error:
        raise DemoError(str(error)) from error
    return catalog


def start_warehouse(work_dir: Path, cloud: CloudProcess, port: int = 0) -> RedshiftServer:
    """The laptop's Redshift over `warehouse.duckdb`, which reads its load files from the cloud."""
    return RedshiftServer(work_dir / "warehouse.duckdb", port, PASSWORD, cloud.client("s3")).start()


def play_day(stage: Stage, world: World, number: int) -> None:
    """Let one day's data arrive, let the schedule fire, wait for the run and hold it against the answer key."""
    day = world.first_day + timedelta(days=number - 1)
    stage.console.rule(f"Day {number}: {day:%A, %d %B %Y}")
    expected = write_day(world, number, stage.work_dir / "sample")
    folder = stage.work_dir / "sample" / f"day={number}"
    began = time.monotonic()
    stage.cloud.control.set_clock(datetime.combine(day, ARRIVAL))
    arrive(stage, folder, sum(fates["received"] for fates in expected.values()))
    ingested = round(time.monotonic() - began, 2)
    stage.cloud.control.set_clock(datetime.combine(day, SCHEDULED))
    execution = stage.cloud.control.fire(stage.platform.schedule["daily"])
    finish(stage, execution, ingested)
    wrong = summary.differences(expected, stage.runs[-1])
    if wrong:
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


def write_results(stage: Stage, memory: PeakMemory, seconds: float) -> dict[str, Any]:
    """Read the warehouse, copy the lake, write summary.json and report.html; returns the summary."""
    warehouse = Warehouse(stage.settings)
    tables = [name.removesuffix(".sql") for name in resources.names("sql/warehouse/tables", ".sql")]
    rows = {table: warehouse.query(f"select count(*) as n from {table}")[0]["n"] for table in tables}
    first = warehouse.query(resources.read_text(LOOK))
    look = report.Look(LOOK, list(first[0]) if first else [], [list(row.values()) for row in first])
    warehouse.close()
    with stage.console.status("Copying the lake"):
        summary.export_objects(stage.cloud.client("s3"), stage.platform.bucket.values(), stage.work_dir / "lake")
    rejected = rejections(stage.platform.bucket["quarantine"])
    results = {
        "runs": stage.runs,
        "rejected": rejected,
        "warehouse": rows,
        "peak_rss_mb": memory.megabytes,
        "seconds_total": round(seconds, 1),
    }
    summary.write_json(results, stage.work_dir / "summary.json")
    places = {
        "the star schema, for any DuckDB client": str(stage.work_dir / "warehouse.duckdb"),
        "every object of every bucket": str(stage.work_dir / "lake"),
        "the sample data and its answer key": str(stage.work_dir / "sample"),
        "logs of functions and jobs": str(stage.cloud.work_dir / "logs"),
    }
    page = report.render(results, look, places)
    (stage.work_dir / "report.html").write_text(page)
    screen.show_results(stage.console, results, stage.work_dir)
    return results


def wait_for_interrupt(stage: Stage) -> None:
    """Keep the cloud up for a person to look into, until Ctrl-C or `make demo-down`."""
    exports = " ".join(f"{name}={value}" for name, value in stage.cloud.environment().items())
    warehouse = stage.platform.warehouse or {}
    stage.console.rule("Running; Ctrl-C or `make demo-down` ends it")
    stage.console.print(f"export {exports}", soft_wrap=True)
    stage.console.print(f"psql -h 127.0.0.1 -p {warehouse['port']} -U cdp cdp   # password: {PASSWORD}")
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        signal.pause()
    except KeyboardInterrupt:
        stage.console.print("Stopping")


def stop_kept(work_dir: Path) -> int:
    """Interrupt the demo that was kept running in `work_dir`, if one is, and wait until it is gone."""
    file = work_dir / "demo.pid"
    if not file.is_file():
        return 0
    try:
        process = psutil.Process(int(file.read_text()))
        if "localcloud" in process.cmdline():  # else the number has been given to another process
            process.send_signal(signal.SIGINT)
            process.wait(STOP_S)
    except psutil.NoSuchProcess:
        pass
    return 0


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
