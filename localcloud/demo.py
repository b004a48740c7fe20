"""Two days of customer data through the whole platform on this machine, with every figure read back afterwards."""

from __future__ import annotations

import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import psutil
from rich.console import Console

from cdp import resources
from cdp.aws.run_history import rejections
from cdp.aws.warehouse import Warehouse
from localcloud import report, screen, spark_home, summary
from localcloud.cloud_process import CloudProcess
from localcloud.day import PASSWORD, WAREHOUSE, DemoError, Stage, play_day, start_warehouse
from localcloud.memory import PeakMemory
from localcloud.platform import Platform, create_platform
from localcloud.terraform import Terraform
from sample_data.world import World

STOP_S = 30.0
LOOK = "sql/warehouse/analytics/monthly_revenue.sql"
# Of the platform, given where the warehouse is and, for Spark, the catalog of both engines.
Creation = Callable[[CloudProcess, Mapping[str, str], Mapping[str, str] | None], Platform]


def from_list(cloud: CloudProcess, warehouse: Mapping[str, str], catalog: Mapping[str, str] | None) -> Platform:
    """The platform made by API calls, in seconds; with a catalog, Spark runs the jobs that transform."""
    engine = "spark" if catalog else "duckdb"
    return create_platform(cloud, batching_window_s=1, warehouse=warehouse, engine=engine, catalog=catalog)


def from_terraform(work_dir: Path, console: Console) -> Creation:
    """The platform made by Terraform, in two minutes, with every function and job under its own role."""

    def create(cloud: CloudProcess, warehouse: Mapping[str, str], _: Mapping[str, str] | None) -> Platform:
        with console.status("terraform apply") as status:
            terraform = Terraform(cloud.environment(), work_dir, tell=lambda line: status.update(line))
            return terraform.apply(warehouse)

    return create


def play(
    world: World,
    work_dir: Path,
    console: Console,
    create: Creation = from_list,
    engine: str = "duckdb",
    keep: bool = False,
) -> dict[str, Any]:
    """Play both days in a fresh `work_dir`, on what `create` makes; returns the summary.

    `engine` runs the jobs that transform. Raises DemoError when a run is not what it must be.
    """
    started = time.monotonic()
    shutil.rmtree(work_dir, ignore_errors=True)
    work_dir.mkdir(parents=True)
    (work_dir / "demo.pid").write_text(str(os.getpid()))
    with PeakMemory() as memory, open_stage(work_dir, console, create, engine) as stage:
        for number in (1, 2):
            play_day(stage, world, number)
        finished = write_results(stage, memory, time.monotonic() - started)
        if keep:
            wait_for_interrupt(stage)
    return finished


@contextmanager
def open_stage(
    work_dir: Path, console: Console, create: Creation = from_list, engine: str = "duckdb"
) -> Iterator[Stage]:
    """The cloud, the warehouse and the platform; all of it is gone afterwards but the files.

    `create` makes the platform; the default is the quick way, straight from the list.
    """
    # A job's process has Spark's settings from the cloud's process, and that has them when it starts.
    catalog = spark_catalog(work_dir.resolve()) if engine == "spark" else None
    with ExitStack() as stack:
        console.print("Starting AWS on this machine and creating the platform from terraform/platform.json")
        cloud = stack.enter_context(CloudProcess(work_dir / "cloud"))
        warehouse = start_warehouse(work_dir, cloud)
        where = WAREHOUSE | {"port": str(warehouse.port), "password": PASSWORD}
        os.environ.update(cloud.environment())  # the library's own clients, for the ledger and the warehouse
        platform = create(cloud, where, catalog)
        stage = Stage(work_dir, console, cloud, warehouse, platform)
        stack.callback(stage.stop_warehouse)
        yield stage


def spark_catalog(work_dir: Path) -> dict[str, str]:
    """A catalog for both engines: Spark's Glue catalog cannot be pointed at this machine. Raises DemoError."""
    catalog = spark_home.shared_catalog(work_dir / "catalog")
    try:
        os.environ.update(spark_home.environment(work_dir / "spark", catalog))
    except spark_home.SparkMissingError as error:
        raise DemoError(str(error)) from error
    return catalog


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
