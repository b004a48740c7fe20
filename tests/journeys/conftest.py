"""One small world on one cloud for a whole story; the tests of a file are its chapters, in order."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from cdp.aws.lake import Lake
from cdp.settings import Settings
from localcloud import demo
from localcloud.day import ARRIVAL, Stage, arrive
from sample_data.world import Sizes, World
from sample_data.writing import write_day

WORLD = World(7, Sizes(customers=120, products=15, transactions=400, events=800), date(2026, 3, 2))


class Story:
    """A running platform, and what a person does with it."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.cloud = stage.cloud
        self.platform = stage.platform
        self.ledger = stage.ledger
        zones = [f"bucket/{zone}" for zone in ("raw", "clean", "identity", "curated", "quarantine")]
        self.settings = Settings.from_json(stage.platform.settings("local", [*zones, "table/ledger", "warehouse"]))
        self.rejection = ""  # what a gate's rejection told people
        self._alerts = self._subscribe()

    def day_arrives(self, number: int) -> dict[str, Any]:
        """A day of sample data reaches raw; its answer key."""
        expected = write_day(WORLD, number, self.stage.work_dir / "sample")
        self.set_clock(number, ARRIVAL)
        folder = self.stage.work_dir / "sample" / f"day={number}"
        arrive(self.stage, folder, sum(fates["received"] for fates in expected.values()))
        return expected

    def file_arrives(self, key: str, text: str) -> None:
        """A file lands and is taken."""
        self.cloud.client("s3").put_object(Bucket=self.platform.bucket["raw"], Key=f"landing/{key}", Body=text.encode())
        self.cloud.control.drained(timeout_s=60)

    def set_clock(self, day: int, at: Any) -> None:
        """The cloud's clock on a day of the world."""
        self.cloud.control.set_clock(datetime.combine(WORLD.first_day + timedelta(days=day - 1), at))

    def schedule_fires(self) -> str:
        """The daily schedule starts an execution; its ARN."""
        return self.cloud.control.fire(self.platform.schedule["daily"])

    def run_ends(self, execution: str) -> dict[str, Any]:
        """Wait for an execution; its description."""
        states = self.cloud.client("stepfunctions")
        for _ in range(600):
            run = states.describe_execution(executionArn=execution)
            if run["status"] != "RUNNING":
                return run
            time.sleep(0.3)
        raise AssertionError("the execution does not end")

    def run(self) -> dict[str, Any]:
        """Fire the schedule and wait for the end."""
        return self.run_ends(self.schedule_fires())

    def running_job(self, name: str) -> dict[str, Any]:
        """The process of a job, as soon as it runs."""
        for _ in range(600):
            for process in self.cloud.control.status()["processes"]:
                if process["kind"] == "job" and process["name"].endswith(name) and process["pid"]:
                    return process
            time.sleep(0.05)
        raise AssertionError(f"job {name} never ran")

    def alerts(self) -> list[dict[str, str]]:
        """What the alert topic has told since the last call: {Subject, Message}."""
        sqs, told = self.cloud.client("sqs"), []
        while messages := sqs.receive_message(QueueUrl=self._alerts, MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                told.append(json.loads(message["Body"]))
                sqs.delete_message(QueueUrl=self._alerts, ReceiptHandle=message["ReceiptHandle"])
        return told

    def rows(self, table: str) -> list[dict[str, Any]]:
        """The published rows of a lake table."""
        return Lake(self.settings).read(table).read_all().to_pylist()

    def row_counts(self) -> dict[str, int]:
        """Published rows of every lake table."""
        lake = Lake(self.settings)
        names = [f"{zone}.{table}" for zone, tables in PLATFORM["database"].items() for table in tables]
        return {name: lake.row_count(name) for name in names}

    def _subscribe(self) -> str:
        sqs = self.cloud.client("sqs")
        url = sqs.create_queue(QueueName="alerts")["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        self.cloud.client("sns").subscribe(TopicArn=self.platform.topic["alert"], Protocol="sqs", Endpoint=arn)
        return str(url)


PLATFORM = json.loads((Path(__file__).resolve().parents[2] / "terraform/platform.json").read_text())


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    """The platform on a cloud of its own, nothing in it yet."""
    with (
        pytest.MonkeyPatch.context() as environment,
        demo.open_stage(tmp_path_factory.mktemp("story"), Console(quiet=True)) as stage,
    ):
        # open_stage points this process at its cloud; whatever was set before comes back afterwards.
        for name, value in stage.cloud.environment().items():
            environment.setenv(name, value)
        yield Story(stage)
