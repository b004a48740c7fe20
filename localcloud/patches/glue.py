"""Glue refuses a stale table version, and a job run is a real process whose state is what happened.

Written for moto 5.2.5, where `UpdateTable` ignores `VersionId` (of several concurrent Iceberg commits all are
told "ok" and one survives), a job run succeeds without running anything, and BatchStopJobRun and UpdateJob are
missing.
"""

from __future__ import annotations

import re
import threading
import time
from pathlib import Path
from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.core.responses import ActionResult
from moto.glue import models
from moto.glue.exceptions import JobRunNotFoundException
from moto.glue.responses import GlueResponse

from localcloud.glue_runtime import DEFAULT_TIMEOUT_MIN, GlueRun
from localcloud.on_behalf import authorise_object, may_log
from localcloud.patches.version import moto_patch
from localcloud.running import running

LOG_GROUP = "/aws-glue/jobs"

_table_lock = threading.RLock()


@moto_patch
def apply() -> None:
    """Make table updates optimistic and job runs real."""
    _check_table_version()
    _run_jobs()


def fetch(run: GlueRun, uri: str, file: Path) -> None:
    """Write the object at `s3://bucket/key` to a file; raises FileNotFoundError or NotAuthorizedError."""
    from moto.s3.models import s3_backends

    bucket, _, key = uri.removeprefix("s3://").partition("/")
    authorise_object(run.role, "s3:GetObject", bucket, key)
    found = s3_backends["123456789012"]["aws"].get_object(bucket, key)
    if found is None:
        raise FileNotFoundError(f"{uri} does not exist")
    file.write_bytes(found.value)


def keep_log(run: GlueRun, lines: list[str]) -> None:
    """Put a run's output into CloudWatch Logs, under its role."""
    from moto.logs.models import logs_backends

    logs, group, run_id = logs_backends["123456789012"]["us-east-1"], f"{LOG_GROUP}/output", run.run_id
    if not may_log(run.role, group, creates_group=True):
        return
    logs.ensure_log_group(group)
    logs.create_log_stream(group, run_id)
    at = int(time.time() * 1000)  # a log has real time: moto refuses lines of another day
    logs.put_log_events(group, run_id, [{"timestamp": at, "message": line} for line in lines])


def _check_table_version() -> None:
    upstream = GlueResponse.update_table

    def update_table(self: Any) -> Any:
        with _table_lock:
            expected = self.parameters.get("VersionId")
            if expected is not None:
                name = self.parameters["TableInput"]["Name"]
                table = self.glue_backend.get_table(self.parameters["DatabaseName"], name)
                if str(table._current_version) != str(expected):
                    raise JsonRESTError(
                        "ConcurrentModificationException",
                        f"Update table failed due to concurrent modifications: {name} is at version "
                        f"{table._current_version}, not {expected}.",
                    )
            return upstream(self)

    GlueResponse.update_table = update_table


def _run_jobs() -> None:
    start, describe, status = (
        models.FakeJob.start_job_run,
        models.FakeJobRun.as_dict,
        models.FakeJobRun.status,
    )

    def start_job_run(self: Any, *args: Any, **kwargs: Any) -> str:
        run_id = str(start(self, *args, **kwargs))
        described = next(run for run in self.job_runs if run.job_run_id == run_id)
        described.run = GlueRun(
            job=self.name,
            run_id=run_id,
            script=self.command["ScriptLocation"],
            arguments={name: str(value) for name, value in described.arguments.items()},
            timeout_s=60.0 * (described.timeout or DEFAULT_TIMEOUT_MIN),
            role=str(self.role),
        )
        running().jobs.start(described.run)
        return run_id

    def as_dict(self: Any) -> dict[str, Any]:
        shown: dict[str, Any] = describe(self)
        run = getattr(self, "run", None)
        if run is None:
            return shown
        shown |= {"LogGroupName": LOG_GROUP, "GlueVersion": "5.0", "ExecutionTime": int(run.seconds)}
        shown |= {"StartedOn": run.started_at, "LastModifiedOn": run.completed_at or run.started_at}
        shown |= {"CompletedOn": run.completed_at, "ErrorMessage": run.error or None}
        return {name: value for name, value in shown.items() if value is not None}

    def state(self: Any) -> Any:
        return self.run.state if hasattr(self, "run") else status.fget(self)

    models.FakeJob.start_job_run = start_job_run
    models.FakeJobRun.as_dict = as_dict
    models.FakeJobRun.status = property(state, status.fset)
    GlueResponse.batch_stop_job_run = _batch_stop_job_run
    GlueResponse.update_job = _update_job


def _update_job(self: Any) -> ActionResult:
    job = self.glue_backend.get_job(self.parameters["JobName"])
    for name, value in self.parameters["JobUpdate"].items():
        setattr(job, re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower(), value)
    return ActionResult({"JobName": job.name})


def _batch_stop_job_run(self: Any) -> ActionResult:
    job = self.parameters["JobName"]
    stopped, errors = [], []
    for run_id in self.parameters["JobRunIds"]:
        try:
            self.glue_backend.get_job_run(job, run_id)
            running().jobs.stop_run(run_id)
            stopped.append({"JobName": job, "JobRunId": run_id})
        except JobRunNotFoundException as error:
            detail = {"ErrorCode": "EntityNotFoundException", "ErrorMessage": str(error)}
            errors.append({"JobName": job, "JobRunId": run_id, "ErrorDetail": detail})
    return ActionResult({"SuccessfulSubmissions": stopped, "Errors": errors})
