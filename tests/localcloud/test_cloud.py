"""A cloud that has been stopped, interrupted or killed leaves no process and no thread behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from localcloud.cloud_process import CloudProcess, CloudStartError
from localcloud.creator import EVERYTHING

ROOT = Path(__file__).resolve().parents[2]

IN_PROCESS = """
import sys, threading
from pathlib import Path
from localcloud.cloud import LocalCloud
import psutil

class Extra:
    def start(self): print("extra started")
    def stop(self): print("extra stopped")

before = set(threading.enumerate())
for _ in range(2):
    with LocalCloud(Path(sys.argv[1]), preload=["decimal"], fires_schedules=True, extras=[Extra()]) as cloud:
        kinesis = cloud.client("kinesis")
        kinesis.create_stream(StreamName="s", ShardCount=1)
        machine = cloud.client("stepfunctions").create_state_machine(
            name="m", roleArn="arn:aws:iam::123456789012:role/r",
            definition='{"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 60, "End": true}}}')
        cloud.client("stepfunctions").start_execution(stateMachineArn=machine["stateMachineArn"])
        print(len(psutil.Process().children()), "child")
    print(sorted(t.name for t in set(threading.enumerate()) - before), psutil.Process().children())
"""


@pytest.fixture
def busy(sandbox, tmp_path):
    """A cloud with a function and a job that run, and their process ids."""
    cloud = CloudProcess(tmp_path / "busy", options=["--no-preload"]).start()
    box = type(sandbox)(cloud)
    box.client("iam").create_role(RoleName="tester", AssumeRolePolicyDocument="{}")
    box.client("iam").put_role_policy(RoleName="tester", PolicyName="all", PolicyDocument=EVERYTHING)
    function = box.function("import time\ndef handler(event, context): time.sleep(60)", Timeout=60)
    box.invoke(function, {}, InvocationType="Event")
    box.client("glue").start_job_run(JobName=box.job("import time; time.sleep(60)"))
    processes = box.wait_for(lambda: len(p := cloud.control.status()["processes"]) == 2 and p)
    yield cloud, [cloud.pid, *(p["pid"] for p in processes)]
    cloud.stop()


def gone(pids: list[int], timeout_s: float = 10) -> bool:
    deadline = time.monotonic() + timeout_s
    while any(is_alive(pid) for pid in pids):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def is_alive(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


def test_a_stopped_cloud_takes_busy_functions_and_jobs_with_it(busy):
    cloud, pids = busy
    assert all(map(is_alive, pids))
    started = time.monotonic()
    cloud.stop()
    assert gone(pids, 0.5)
    assert time.monotonic() - started < 8


def test_what_a_killed_cloud_started_ends_too(busy):
    cloud, pids = busy
    os.kill(cloud.pid, signal.SIGKILL)
    assert gone(pids)


def test_a_cloud_ends_with_the_process_that_started_it(tmp_path):
    script = (
        "import os, signal, sys; from pathlib import Path; from localcloud.cloud_process import CloudProcess\n"
        "print(CloudProcess(Path(sys.argv[1]), options=['--no-preload']).start().pid, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    parent = subprocess.run(
        [sys.executable, "-c", script, tmp_path], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert gone([int(parent.stdout)])


@pytest.mark.slow
def test_start_and_stop_in_one_process_leave_no_thread_and_no_child(tmp_path):
    answer = subprocess.run(
        [sys.executable, "-c", IN_PROCESS, tmp_path], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert answer.stdout.splitlines() == ["extra started", "1 child", "extra stopped", "[] []"] * 2, answer.stderr


@pytest.mark.slow
def test_ctrl_c_ends_the_command(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-m", "localcloud", "up", "--port", "0", "--work-dir", tmp_path, "--no-preload"],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("AWS is at http://127.0.0.1:")
        children = [child.pid for child in psutil.Process(process.pid).children(recursive=True)]
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=20)
        assert (process.returncode, errors) == (0, "")
        assert gone([process.pid, *children])
    finally:
        process.kill()


def test_a_port_that_is_taken_is_an_error_with_its_reason(cloud, tmp_path):
    port = int(cloud.endpoint.rpartition(":")[2])
    with pytest.raises(CloudStartError, match=r"cloud\.log"):
        CloudProcess(tmp_path, port=port, options=["--no-preload"]).start()
    assert "in use" in (tmp_path / "cloud.log").read_text()


def test_the_environment_points_every_sdk_at_the_cloud(cloud):
    environment = cloud.environment()
    assert environment["AWS_ENDPOINT_URL"] == cloud.endpoint
    assert environment["AWS_SHARED_CREDENTIALS_FILE"] == os.devnull
