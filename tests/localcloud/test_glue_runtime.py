"""Job runs are the script in a process of its own, and their state says how it ended."""

from __future__ import annotations

import os
import signal
import zipfile
from io import BytesIO

import pytest
from botocore.exceptions import ClientError

from localcloud.clock import Clock
from localcloud.glue_runtime import GlueRun, GlueRuntime


def test_the_script_gets_default_and_own_arguments(sandbox, logs):
    script = """
        import sys
        from awsglue.utils import getResolvedOptions
        options = getResolvedOptions(sys.argv, ["run_id", "settings"])
        print(options["run_id"], options["settings"], options["JOB_NAME"])
    """
    job = sandbox.job(script, {"--settings": '{"a": "b c"}', "--run_id": "default"})
    run = sandbox.client("glue").start_job_run(JobName=job, Arguments={"--run_id": "r-1"})["JobRunId"]
    assert sandbox.job_run(job, run)["JobRunState"] == "SUCCEEDED"
    (log,) = logs.glob(f"{job}-*.log")
    assert log.read_text().strip() == f'r-1 {{"a": "b c"}} {job}'


def test_libraries_stay_zipped_on_the_path(sandbox, logs):
    package = BytesIO()
    with zipfile.ZipFile(package, "w") as z:
        z.writestr("shop/__init__.py", "WHERE = __file__")
    bucket = sandbox.bucket()
    sandbox.client("s3").put_object(Bucket=bucket, Key="libs/shop.zip", Body=package.getvalue())
    job = sandbox.job("import shop; print(shop.WHERE)", {"--extra-py-files": f"s3://{bucket}/libs/shop.zip"})
    run = sandbox.client("glue").start_job_run(JobName=job)["JobRunId"]
    assert sandbox.job_run(job, run)["JobRunState"] == "SUCCEEDED"
    assert "shop.zip/shop/__init__.py" in next(logs.glob(f"{job}-*.log")).read_text()


def test_the_checkout_is_not_on_the_jobs_path(sandbox):
    job = sandbox.job("import cdp")
    run = sandbox.client("glue").start_job_run(JobName=job)["JobRunId"]
    assert sandbox.job_run(job, run)["ErrorMessage"] == "ModuleNotFoundError: No module named 'cdp'"


def test_a_failing_run_has_the_last_line_of_the_traceback(sandbox, logs):
    job = sandbox.job("print('before')\nraise ValueError('3 rows are missing')")
    run = sandbox.client("glue").start_job_run(JobName=job)["JobRunId"]
    ended = sandbox.job_run(job, run)
    assert (ended["JobRunState"], ended["ErrorMessage"]) == ("FAILED", "ValueError: 3 rows are missing")
    log = next(logs.glob(f"{job}-*.log")).read_text()
    assert "before" in log
    assert "Traceback" in log


@pytest.mark.parametrize(
    ("script", "error"),
    [
        ("import sys; sys.exit('no input')", "SystemExit: no input"),
        ("import os; os._exit(7)", "the process ended with exit code 7"),
        ("import sys; sys.exit(0)", None),
    ],
)
def test_the_way_a_script_exits_is_its_state(sandbox, script, error):
    job = sandbox.job(script)
    run = sandbox.client("glue").start_job_run(JobName=job)["JobRunId"]
    assert sandbox.job_run(job, run).get("ErrorMessage") == error


def test_a_script_that_does_not_exist_is_a_failed_run(sandbox):
    job = sandbox.job("pass")
    glue = sandbox.client("glue")
    script = glue.get_job(JobName=job)["Job"]["Command"]["ScriptLocation"]
    sandbox.client("s3").delete_object(Bucket=script.split("/")[2], Key="job.py")
    run = glue.start_job_run(JobName=job)["JobRunId"]
    assert sandbox.job_run(job, run)["ErrorMessage"] == f"FileNotFoundError: {script} does not exist"


def test_a_killed_process_is_a_failed_run(sandbox):
    job = sandbox.job("import time; time.sleep(60)")
    run = sandbox.client("glue").start_job_run(JobName=job)["JobRunId"]
    os.kill(pid_of(sandbox, run), signal.SIGKILL)
    ended = sandbox.job_run(job, run)
    assert (ended["JobRunState"], ended["ErrorMessage"]) == ("FAILED", "killed by signal 9")


def test_a_run_can_be_stopped(sandbox):
    glue, job = sandbox.client("glue"), sandbox.job("import time; time.sleep(60)")
    run = glue.start_job_run(JobName=job)["JobRunId"]
    pid_of(sandbox, run)
    answer = glue.batch_stop_job_run(JobName=job, JobRunIds=[run, "jr_unknown"])
    assert [s["JobRunId"] for s in answer["SuccessfulSubmissions"]] == [run]
    assert answer["Errors"][0]["ErrorDetail"]["ErrorCode"] == "EntityNotFoundException"
    assert sandbox.job_run(job, run)["JobRunState"] == "STOPPED"


def test_one_run_at_a_time_is_the_default(sandbox):
    glue, job = sandbox.client("glue"), sandbox.job("import time; time.sleep(60)")
    run = glue.start_job_run(JobName=job)["JobRunId"]
    with pytest.raises(ClientError, match="ConcurrentRunsExceeded"):
        glue.start_job_run(JobName=job)
    glue.batch_stop_job_run(JobName=job, JobRunIds=[run])
    sandbox.job_run(job, run)


def test_a_running_job_has_no_end_and_a_finished_one_has(sandbox):
    glue, job = sandbox.client("glue"), sandbox.job("import time; time.sleep(1)")
    run = glue.start_job_run(JobName=job)["JobRunId"]
    pid_of(sandbox, run)
    running = glue.get_job_run(JobName=job, RunId=run)["JobRun"]
    assert running["JobRunState"] == "RUNNING"
    assert "CompletedOn" not in running
    assert sandbox.job_run(job, run)["CompletedOn"] >= running["StartedOn"]


def pid_of(sandbox, run: str) -> int:
    """Process id of a run, as soon as its script runs."""

    def running() -> int | None:
        processes = sandbox.cloud.control.status()["processes"]
        return next((p["pid"] for p in processes if p["run_id"] == run), None)

    return sandbox.wait_for(running)


@pytest.fixture
def jobs(tmp_path):
    """A runtime without AWS: a run's script is its URI."""
    runtime = GlueRuntime(
        env={},
        credentials=lambda role: {},
        work_dir=tmp_path,
        clock=Clock(),
        fetch=lambda run, uri, file: file.write_text(uri),
        keep_log=lambda run, lines: None,
        preload=["decimal"],
    )
    yield runtime
    runtime.stop()


def test_a_run_that_takes_too_long_is_a_timeout(sandbox, jobs):
    run = GlueRun("job", "jr_1", "import time; time.sleep(60)", {}, timeout_s=0.3)
    jobs.start(run)
    sandbox.wait_for(lambda: run.completed_at)
    assert (run.state, "exceeded its timeout" in run.error) == ("TIMEOUT", True)


def test_what_jobs_need_was_imported_in_advance(sandbox, jobs):
    script = "import sys; sys.exit(0 if 'decimal' in sys.modules else 'not imported')"
    for number in (1, 2):
        run = GlueRun("job", f"jr_{number}", script, {}, timeout_s=20)
        jobs.start(run)
        sandbox.wait_for(lambda run=run: run.completed_at)
        assert (run.state, run.error) == ("SUCCEEDED", "")


def test_where_nothing_can_be_forked_a_run_fails_and_says_so(sandbox, jobs):
    jobs.stop()
    run = GlueRun("job", "jr_1", "pass", {}, timeout_s=20)
    jobs.start(run)
    sandbox.wait_for(lambda: run.completed_at)
    assert (run.state, run.error) == ("FAILED", "CloudError: the process that forks job runs has ended")
