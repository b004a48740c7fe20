"""A cloud in a process of its own, which ends with this one; the way to use it from a demo or a test.

with CloudProcess(Path("build/localcloud")) as cloud:
    platform = create_platform(cloud)
    cloud.control.fire(platform.schedule["daily"])
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from localcloud import child_process
from localcloud.control import Control

ROOT = Path(__file__).resolve().parent.parent
STOP_S = 20.0


class CloudStartError(Exception):
    """The cloud's process ended before it could be used."""


class RunningCloud:
    """A cloud that another process runs, below `work_dir`; `environment` is what it says about itself."""

    def __init__(self, environment: Mapping[str, str], work_dir: Path) -> None:
        self.work_dir = work_dir.resolve()
        self._environment = dict(environment)

    @property
    def endpoint(self) -> str:
        """URL of every AWS service."""
        return self._environment["AWS_ENDPOINT_URL"]

    @property
    def control(self) -> Control:
        """Steers its clock and schedules, and waits for it."""
        return Control(self.endpoint)

    def environment(self) -> dict[str, str]:
        """Variables that point any AWS SDK or CLI at this cloud."""
        return dict(self._environment)

    def client(self, service: str) -> Any:
        """A boto3 client for this cloud."""
        return make_client(service, self._environment)


class CloudProcess(RunningCloud):
    """Runs `python -m localcloud up` below `work_dir`; `options` are further options of it."""

    def __init__(self, work_dir: Path, port: int = 0, options: Sequence[str] = ()) -> None:
        super().__init__({}, work_dir)
        self._arguments = ["--port", str(port), "--work-dir", str(self.work_dir), *options]
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Process id of the cloud."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> CloudProcess:
        """Start it and wait until it answers. Raises CloudStartError; its output is in `cloud.log`."""
        self.work_dir.mkdir(parents=True, exist_ok=True)
        log = self.work_dir / "cloud.log"
        with log.open("ab") as errors:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "localcloud", "up", "--for-parent", *self._arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                cwd=ROOT,
                env=child_process.environment(),
            )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            self._process.wait()
            raise CloudStartError(f"the cloud did not start; see {log}")
        self._environment = json.loads(line)["environment"]
        return self

    def stop(self) -> None:
        """Stop it and wait until it is gone. Safe to call twice."""
        if self._process is None:
            return
        process, self._process = self._process, None
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.close()
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            child_process.stop(process)
        process.stdout.close()

    def __enter__(self) -> CloudProcess:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()


def make_client(service: str, environment: dict[str, str]) -> Any:
    """A boto3 client that takes everything from `environment` and nothing from the user's AWS configuration."""
    return _session().client(
        service,
        endpoint_url=environment["AWS_ENDPOINT_URL"],
        region_name=environment["AWS_DEFAULT_REGION"],
        aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
    )


@cache
def _session() -> Any:
    import boto3
    import botocore.session

    no_profile = {"profile": (None, None, None, None), "config_file": (None, None, os.devnull, None)}
    return boto3.Session(botocore_session=botocore.session.Session(session_vars=no_profile))
