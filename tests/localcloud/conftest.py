"""One patched cloud in a process of its own for the folder, and one way to put functions and jobs into it."""

from __future__ import annotations

import io
import json
import time
import uuid
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from localcloud.cloud_process import CloudProcess
from localcloud.creator import EVERYTHING

ROLE = "arn:aws:iam::123456789012:role/tester"


@dataclass
class Sandbox:
    """A cloud and short ways to fill it; names are new for every call."""

    cloud: CloudProcess

    def client(self, service: str) -> Any:
        return self.cloud.client(service)

    def name(self, kind: str) -> str:
        return f"{kind}-{uuid.uuid4().hex[:8]}"

    def bucket(self, announces: bool = False) -> str:
        s3, name = self.client("s3"), self.name("bucket")
        s3.create_bucket(Bucket=name)
        if announces:
            s3.put_bucket_notification_configuration(
                Bucket=name, NotificationConfiguration={"EventBridgeConfiguration": {}}
            )
        return name

    def function(self, code: str, variables: dict[str, str] | None = None, **settings: Any) -> str:
        """Deploy `code` with a `handler(event, context)`; returns the ARN."""
        created = self.client("lambda").create_function(
            FunctionName=self.name("function"),
            Runtime="python3.11",
            Role=ROLE,
            Handler="app.handler",
            Code={"ZipFile": zipped({"app.py": dedent(code)})},
            Environment={"Variables": variables or {}},
            **{"Timeout": 30, **settings},
        )
        return created["FunctionArn"]

    def invoke(self, arn: str, event: Any, **options: Any) -> tuple[Any, str | None]:
        """The function's answer and error."""
        answer = self.client("lambda").invoke(FunctionName=arn, Payload=json.dumps(event), **options)
        text = answer["Payload"].read()
        return (json.loads(text) if text else None), answer.get("FunctionError")

    def stream(self, shards: int = 1) -> tuple[str, str]:
        """Name and ARN of a new stream."""
        kinesis, name = self.client("kinesis"), self.name("stream")
        kinesis.create_stream(StreamName=name, ShardCount=shards)
        return name, f"arn:aws:kinesis:us-east-1:123456789012:stream/{name}"

    def put(self, stream: str, values: list[str]) -> None:
        for start in range(0, len(values), 500):
            records = [{"Data": v.encode(), "PartitionKey": v} for v in values[start : start + 500]]
            self.client("kinesis").put_records(StreamName=stream, Records=records)

    def job(self, script: str, arguments: dict[str, str] | None = None, **settings: Any) -> str:
        """Create a Glue job; returns its name."""
        bucket, name = self.bucket(), self.name("job")
        self.client("s3").put_object(Bucket=bucket, Key="job.py", Body=dedent(script).encode())
        command = {"Name": "pythonshell", "ScriptLocation": f"s3://{bucket}/job.py"}
        self.client("glue").create_job(
            Name=name, Role=ROLE, Command=command, DefaultArguments=arguments or {}, **settings
        )
        return name

    def job_run(self, job: str, run_id: str, timeout_s: float = 20) -> dict[str, Any]:
        """The run when it has ended."""

        def ended() -> dict[str, Any] | None:
            run = self.client("glue").get_job_run(JobName=job, RunId=run_id)["JobRun"]
            return run if run["JobRunState"] not in ("STARTING", "RUNNING", "STOPPING") else None

        return wait_for(ended, timeout_s)

    def state_machine(self, states: dict[str, Any], start: str) -> str:
        definition = json.dumps({"StartAt": start, "States": states})
        created = self.client("stepfunctions").create_state_machine(
            name=self.name("machine"), definition=definition, roleArn=ROLE
        )
        return created["stateMachineArn"]

    def execution(self, arn: str, timeout_s: float = 20) -> dict[str, Any]:
        """The execution when it has ended."""

        def ended() -> dict[str, Any] | None:
            execution = self.client("stepfunctions").describe_execution(executionArn=arn)
            return execution if execution["status"] != "RUNNING" else None

        return wait_for(ended, timeout_s)

    def wait_for(self, look: Callable[[], Any], timeout_s: float = 20) -> Any:
        """What `look` returns as soon as it is true."""
        return wait_for(look, timeout_s)

    def objects(self, bucket: str, prefix: str = "") -> dict[str, str]:
        """Key and text of a bucket's objects."""
        s3 = self.client("s3")
        keys = [o["Key"] for o in s3.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", [])]
        return {key: s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode() for key in keys}


def zipped(files: dict[str, str]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as package:
        for name, text in files.items():
            package.writestr(name, text)
    return buffer.getvalue()


def wait_for(look: Callable[[], Any], timeout_s: float = 20) -> Any:
    """What `look` returns as soon as it is true."""
    deadline = time.monotonic() + timeout_s
    while not (found := look()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)
    return found


@pytest.fixture(scope="session")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CloudProcess]:
    with CloudProcess(tmp_path_factory.mktemp("cloud"), options=["--no-preload"]) as process:
        boxes = Sandbox(process)
        boxes.client("iam").create_role(RoleName="tester", AssumeRolePolicyDocument="{}")
        boxes.client("iam").put_role_policy(RoleName="tester", PolicyName="all", PolicyDocument=EVERYTHING)
        yield process


@pytest.fixture
def sandbox(cloud: CloudProcess) -> Sandbox:
    return Sandbox(cloud)


@pytest.fixture
def logs(cloud: CloudProcess) -> Path:
    """Folder of the functions' and jobs' logs."""
    return cloud.work_dir / "logs"
