"""The whole platform in this process: the real functions and jobs, in the order the state machine gives them.

S3 and DynamoDB are moto's, the lake lies in a folder, the warehouse is the laptop's. A run can be killed before
any state, or at any single effect a job has on the world.
"""

from __future__ import annotations

import base64
import contextlib
import dataclasses
import gzip
import io
import json
import os
import re
import runpy
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import boto3
from moto import mock_aws
from pyiceberg.catalog.sql import SqlCatalog

from cdp.aws import objects
from cdp.aws.lake import Lake
from cdp.aws.ledger import Ledger
from cdp.aws.warehouse import Warehouse
from cdp.dataset import Dataset
from cdp.settings import Settings
from cdp.warehouse import TABLES
from lambdas import fail_run, ingest_batch, ingest_stream, plan_run, release_batches, replay_quarantine
from localcloud.redshift import RedshiftServer
from sample_data.days import STREAM
from tests.conftest import ROOT, create_ledger, settings_json
from tests.conservation.world import Arrival, files
from tests.lambdas.ingestion import CONTEXT
from tests.step_functions.conftest import TEMPLATE, names

START = datetime(2026, 3, 3, 2, 0, tzinfo=UTC)
RUN_AT = datetime(2026, 3, 4, 2, 30, tzinfo=UTC)
BATCH = 10_000  # the most records that Kinesis gives a function at once
# The history of what was published, run by run: it is meant to depend on the order.
HISTORY = {"identity.identity_log", "identity.steward_decision"}
FUNCTIONS = {"plan_run": plan_run.handler, "fail_run": fail_run.handler}


class Killed(BaseException):
    """The process is gone: nothing catches this and nothing is told."""


class Platform:
    """An empty platform; `deliver` and `run` are what happens to it."""

    def __init__(self, settings: Settings, warehouse: RedshiftServer) -> None:
        self.settings = settings
        self.ledger = Ledger(settings.table("ledger"))
        self.definition = json.loads(re.sub(r"\$\{(\w+)\}", lambda match: names()[match[1]], TEMPLATE))
        self.running: set[str] = set()
        self.effects = 0
        self.effects_in: Counter[str] = Counter()  # the last run's, by state
        self.error: Exception | None = None  # why the last run failed
        self._state = ""
        self._dies_at: int | None = None
        self._count = self._sequence = 0
        self._warehouse = warehouse

    # what arrives

    def deliver(self, some: Iterable[Arrival], after: timedelta = timedelta()) -> None:
        """Some records arrive together, some time after the first ones."""
        for file in files(some):
            if file.place == STREAM:
                for begin in range(0, len(file.content), BATCH):
                    self._take_events(file.content[begin : begin + BATCH], START + after)
            else:
                self._land(file.place, file.suffix, b"".join(file.content), START + after)

    def _take_events(self, payloads: list[bytes], at: datetime) -> None:
        records = [
            {
                "eventID": f"shard-0:{self._sequence + n:09d}",
                "kinesis": {
                    "sequenceNumber": f"{self._sequence + n:09d}",
                    "data": base64.b64encode(payload.rstrip(b"\n")).decode(),
                    "approximateArrivalTimestamp": at.timestamp(),
                },
            }
            for n, payload in enumerate(payloads)
        ]
        self._sequence += len(payloads)
        assert ingest_stream.handler({"Records": records}, CONTEXT) == {"batchItemFailures": []}

    def _land(self, place: str, suffix: str, content: bytes, at: datetime) -> None:
        self._count += 1
        key = f"{place}/file-{self._count}.{suffix}"
        body = gzip.compress(content, mtime=0) if suffix.endswith("gz") else content
        boto3.client("s3").put_object(Bucket=self.settings.bucket("raw"), Key=key, Body=body)
        event = {"id": key, "time": f"{at:%Y-%m-%dT%H:%M:%SZ}", "detail": {"object": {"key": key}}}
        ingest_batch.handler(event, CONTEXT)

    def replay(self, **event: Any) -> dict[str, Any]:
        """Replay quarantine, all parts."""
        while not event.get("is_done"):
            event = replay_quarantine.handler(event, CONTEXT)
        return event

    def release(self, run_id: str) -> None:
        """A steward lets a run's held batches go."""
        release_batches.handler({"run_id": run_id}, CONTEXT)

    # what runs

    @property
    def states(self) -> list[str]:
        """The states of a good run that do something, in the state machine's order."""
        return [name for name, _ in self._way() if self.definition["States"][name]["Type"] == "Task"]

    def run(
        self,
        name: str = "",
        *,
        before: str = "",
        within: str = "",
        at_effect: int | None = None,
        says_goodbye: bool = True,
    ) -> str:
        """One execution: SUCCEEDED or FAILED. Killed before a state, or at an effect, it raises Killed.

        Effects are counted from 1 over the whole run, or from the beginning of the state `within`. Without
        `says_goodbye` a failing or killed run never reaches its state FailRun, like a stopped execution.
        """
        execution = self.execution(name)
        arn, self.effects, self.effects_in = execution["Id"], 0, Counter()
        self._dies_at = None if within else at_effect
        self.running.add(arn)
        data: dict[str, Any] = {}
        try:
            for state, step in self._way():
                if state == before:
                    raise Killed(state)
                if state == within and at_effect is not None:
                    self._dies_at = self.effects + at_effect
                if not self._do(state, step, execution, data):
                    return self._fail(execution, data, state, "GateRejected")
                if state == "AnyRecords" and not data["run"]["records"]:
                    self._do("CloseRun", self.definition["States"]["CloseRun"], execution, data)
                    break
            return "SUCCEEDED"
        except Killed:
            if says_goodbye:
                self._dies_at = None
                self._fail(execution, data, state, "States.TaskFailed")
            raise
        except Exception as error:
            self._dies_at = None
            self.error = error
            return self._fail(execution, data, state, type(error).__name__)
        finally:
            self._dies_at = None
            self.running.discard(arn)

    def execution(self, name: str = "") -> dict[str, Any]:
        """The context object of an execution."""
        self._count += 1
        arn = f"arn:aws:states:us-east-1:123456789012:execution:daily_pipeline:{name or self._count}"
        run_at = f"{RUN_AT + timedelta(minutes=self._count):%Y-%m-%dT%H:%M:%SZ}"
        return {"Id": arn, "Input": {"run_at": run_at}, "StartTime": run_at}

    def settle(self, most: int = 6) -> None:
        """All has arrived: release what gates held, and run until nothing is pending."""
        for _ in range(most):
            self.ledger.release(self.ledger.held_receipts())
            if not self.ledger.pending_receipts():
                return
            self.run()
        raise AssertionError(f"batches are still pending after {most} runs: {self.error!r}")

    def runs(self) -> list[str]:
        """Ids of all runs."""
        items = boto3.resource("dynamodb").Table(self.settings.table("ledger")).scan()["Items"]
        return sorted(str(item["pk"]).removeprefix("run#") for item in items if item["sk"] == "run")

    def tables(self) -> dict[str, list[dict[str, Any]]]:
        """Every published row of lake and warehouse, sorted."""
        return {name: sorted(rows, key=repr) for name, rows in self.published()}

    def published(self) -> Iterator[tuple[str, Iterable[dict[str, Any]]]]:
        """The tables of lake and warehouse, one after the other, and their rows."""
        lake = Lake(self.settings)
        for dataset in Dataset.all():
            if dataset.name not in HISTORY:
                yield dataset.name, (row for batch in lake.read(dataset.name) for row in batch.to_pylist())
        warehouse = Warehouse(self.settings)
        try:
            there = {row["table_name"] for row in warehouse.query("select table_name from information_schema.tables")}
            for table in TABLES:
                yield f"warehouse.{table}", warehouse.query(f"select * from {table}") if table in there else []
        finally:
            warehouse.close()

    def _way(self) -> Iterator[tuple[str, dict[str, Any]]]:
        name = self.definition["StartAt"]
        while (state := self.definition["States"][name])["Type"] != "Succeed":
            yield name, state
            name = state["Next"] if "Next" in state else state["Choices"][0]["Next"]

    def _do(self, name: str, state: dict[str, Any], execution: dict[str, Any], data: dict[str, Any]) -> bool:
        """Do what a state does; whether the run goes on."""
        self._state = name
        resource = state.get("Resource", "")
        if resource.endswith("lambda:invoke"):
            function = state["Parameters"]["FunctionName"].rsplit("cdp-test-", 1)[1]
            data["run"] = FUNCTIONS[function]({"execution": execution}, CONTEXT)
        elif resource.endswith("startJobRun.sync"):
            self._job(state["Parameters"], data["run"])
        elif "dynamodb" in resource:
            gate = state["Parameters"]["Key"]["sk"]["S"].partition("#")[2]
            verdict = self.ledger.verdicts(data["run"]["run_id"]).get(gate, {}).get("verdict")
            return verdict in ("pass", "warn")
        return True

    def _job(self, parameters: dict[str, Any], run: dict[str, Any]) -> None:
        name = parameters["JobName"].removeprefix("cdp-test-")
        given = {"--run_id": run["run_id"], "--run_at": run["run_at"]}
        given |= {k: v for k, v in parameters["Arguments"].items() if not k.endswith(".$")}
        arguments = [part for pair in given.items() for part in pair]
        settings = {**dataclasses.asdict(self.settings), **self.settings.names}
        text = json.dumps({k: v for k, v in settings.items() if k != "names"})
        argv = [name, *arguments, "--settings", text]
        with mock.patch.object(sys, "argv", argv), contextlib.redirect_stdout(io.StringIO()):
            runpy.run_path(str(ROOT / "glue_jobs" / f"{name}.py"), run_name="__main__")

    def _fail(self, execution: dict[str, Any], data: dict[str, Any], state: str, error: str) -> str:
        fail_run.handler({"execution": execution, "state": {**data, "failed": {state: {"Error": error}}}}, CONTEXT)
        return "FAILED"

    def effect(self) -> None:
        """Called before every single change of the world by a run; here it may die."""
        self.effects += 1
        self.effects_in[self._state] += 1
        if self._dies_at is not None and self.effects >= self._dies_at:
            raise Killed(f"effect {self.effects}")


@contextmanager
def a_platform(folder: Path) -> Iterator[Platform]:
    """An empty platform in this process; its lake and warehouse lie in the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    caches = (objects.client, ingest_batch._ledger, ingest_stream._ledger)
    with ExitStack() as stack:
        stack.enter_context(mock.patch.dict(os.environ, _environment()))
        os.environ.pop("AWS_ENDPOINT_URL", None)  # of a cloud that another test keeps running
        stack.enter_context(
            mock.patch.object(boto3, "DEFAULT_SESSION", boto3.Session("testing", "testing", region_name="us-east-1"))
        )
        stack.enter_context(mock_aws(config={"core": {"reset_boto3_session": False}}))
        for cached in caches:
            cached.cache_clear()
            stack.callback(cached.cache_clear)
        warehouse = RedshiftServer(folder / "warehouse.duckdb", password="p", s3_client=boto3.client("s3")).start()
        stack.callback(warehouse.stop)
        settings = _settings(folder, warehouse.port)
        for bucket in settings.names["bucket"].values():
            boto3.client("s3").create_bucket(Bucket=bucket)
        create_ledger(settings)
        platform = Platform(settings, warehouse)
        for place, name in ((objects.Lines, "put"), (SqlCatalog, "commit_table"), (Warehouse, "execute")):
            stack.enter_context(_watched(platform, place, name))
        for name in ("put_receipt", "put_fates", "put_verdict", "_update_run", "_free_lock", "_move", "put_row_count"):
            stack.enter_context(_watched(platform, Ledger, name))
        stack.enter_context(mock.patch.object(plan_run, "is_running", lambda arn: arn in platform.running))
        yield platform


@contextmanager
def _watched(platform: Platform, place: Any, name: str) -> Iterator[None]:
    original = getattr(place, name)

    def watched(*args: Any, **kwargs: Any) -> Any:
        platform.effect()
        return original(*args, **kwargs)

    with mock.patch.object(place, name, watched):
        yield


def _environment() -> dict[str, str]:
    named = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "AWS_DEFAULT_REGION": "us-east-1"}
    return named | {"CDP_SETTINGS": settings_json(), "POWERTOOLS_LOG_LEVEL": "CRITICAL"}


def _settings(folder: Path, port: int) -> Settings:
    login = {"host": "127.0.0.1", "port": str(port), "user": "loader", "password": "p", "ssl": "false"}
    role = "arn:aws:iam::123456789012:role/warehouse"
    lake = (folder / "lake").resolve()
    return dataclasses.replace(
        Settings.from_json(settings_json()),
        warehouse={**login, "database": "cdp", "iam_role": role},
        catalog={"type": "sql", "uri": f"sqlite:///{folder.resolve()}/catalog.db", "warehouse": f"file://{lake}"},
    )
