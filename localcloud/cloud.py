"""One cloud in this process: moto's server with real functions, jobs, event sources, schedules, and its own clock.

    with LocalCloud(work_dir=Path("build/localcloud")) as cloud:
        boto3.client("s3", endpoint_url=cloud.endpoint, …)

When it stops, no thread and no process of it is left. moto keeps its state in globals and the patches are global
too, so a process has one cloud at a time; CloudProcess starts one in a process of its own.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from localcloud import patches, running
from localcloud.clock import Clock
from localcloud.cloud_process import make_client
from localcloud.control import ControlApplication
from localcloud.deliveries import Deliveries
from localcloud.event_sources import EventSources
from localcloud.executions import join_executions, stop_executions
from localcloud.glue_runtime import GlueRuntime
from localcloud.lambda_runtime import LambdaRuntime
from localcloud.permissions import Permissions
from localcloud.scheduler import Scheduler
from localcloud.server import HOST, AwsServer
from localcloud.targets import Targets

ACCOUNT = "123456789012"
REGION = "us-east-1"


class Extra(Protocol):
    """Something that is started and stopped with the cloud, such as a warehouse."""

    def start(self) -> object:
        """Begin."""

    def stop(self) -> object:
        """End."""


@dataclass(frozen=True)
class RunningProcess:
    """A process the cloud started: `kind` is function or job; `run_id` is empty for a function."""

    kind: str
    name: str
    pid: int
    run_id: str = ""


class LocalCloud:
    """The cloud; `port` 0 takes a free one, `preload` names modules that Glue processes import in advance."""

    def __init__(
        self,
        work_dir: Path,
        port: int = 0,
        *,
        preload: Sequence[str] = (),
        fires_schedules: bool = False,
        extras: Sequence[Extra] = (),
    ) -> None:
        self.work_dir = work_dir.resolve()
        self.clock = Clock()
        self._port = port
        self._preload = preload
        self._fires_schedules = fires_schedules
        self._extras = extras
        self._is_started = False

    @property
    def endpoint(self) -> str:
        """URL of every AWS service, for `AWS_ENDPOINT_URL`."""
        return f"http://{HOST}:{self._server.port}"

    def environment(self) -> dict[str, str]:
        """Variables that point any AWS SDK or CLI at this cloud; nobody's real credentials are among them."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_DEFAULT_REGION": REGION,
            "AWS_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "NO_PROXY": f"{HOST},localhost",
        }

    def client(self, service: str) -> Any:
        """A boto3 client for this cloud."""
        return make_client(service, self.environment())

    def start(self) -> LocalCloud:
        """Patch moto, listen, poll; returns itself. Raises OSError when the port is taken."""
        running.enter(self)
        try:
            self._start()
        except BaseException:
            running.leave(self)
            raise
        return self

    def stop(self) -> None:
        """End everything that start() began, and forget the cloud's state. Safe to call twice."""
        if not self._is_started:
            return
        self._is_started = False
        self.stopping.set()
        stop_executions()
        self.functions.stop()
        self.sources.join()
        self.scheduler.join()
        self.jobs.stop()
        self.deliveries.stop()
        for extra in reversed(self._extras):
            extra.stop()
        self._server.stop()
        join_executions()
        _forget_state()
        running.leave(self)

    def fire(self, schedule: str, at: datetime | None = None) -> str:
        """Fire a schedule by hand; see Scheduler.fire."""
        return self.scheduler.fire(schedule, at)

    def invoke_async(self, arn: str, event: str, source: str) -> None:
        """Invoke a function as an event source does that does not wait."""
        from localcloud.patches.awslambda import function_of, on_async_failure

        self.functions.invoke_async(function_of, arn, event, source, on_async_failure)

    def processes(self) -> list[RunningProcess]:
        """The functions' and jobs' processes that run now."""
        functions = [RunningProcess("function", name, pid) for name, pid in self.functions.processes()]
        jobs = [
            RunningProcess("job", run.job, run.process.pid, run.run_id)
            for run in self.jobs.runs.values()
            if run.is_open and run.process is not None
        ]
        return functions + jobs

    def __enter__(self) -> LocalCloud:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _start(self) -> None:
        from moto.core.config import default_user_config

        from localcloud.patches import awslambda, glue

        patches.apply_all()
        default_user_config["stepfunctions"] = {"execute_state_machine": True}
        self.work_dir.mkdir(parents=True, exist_ok=True)
        self.stopping = threading.Event()
        self._server = AwsServer(self._port, ControlApplication(self))
        os.environ["MOTO_PORT"] = str(self._server.port)  # Step Functions calls the other services through it
        env = self.environment()
        self.deliveries = Deliveries(self.clock, self.stopping)
        self.permissions = Permissions()
        credentials = self.permissions.credentials
        self.functions = LambdaRuntime(env, credentials, self.work_dir, self.clock, self.deliveries, awslambda.keep_log)
        self.targets = Targets(self.deliveries, self.invoke_async)
        self.jobs = GlueRuntime(env, credentials, self.work_dir, self.clock, glue.fetch, glue.keep_log, self._preload)
        self.sources = EventSources(self.clock, self.deliveries, self.stopping)
        self.scheduler = Scheduler(self.clock, self.targets, self.stopping)
        self._is_started = True
        self._server.start()
        self.sources.start()
        if self._fires_schedules:
            self.scheduler.start()
        for extra in self._extras:
            extra.start()


def _forget_state() -> None:
    from moto.moto_api._internal.models import moto_api_backend

    moto_api_backend.reset()
    os.environ.pop("MOTO_PORT", None)
