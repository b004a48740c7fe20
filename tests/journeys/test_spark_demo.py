"""The demo's cloud on Spark: what a Glue job's process there is given is what Spark needs to find the lake."""

from __future__ import annotations

import json
import os
import time
from unittest.mock import patch

import pytest
from rich.console import Console

from localcloud import demo

pytestmark = [pytest.mark.spark, pytest.mark.slow]


def test_the_smoke_test_of_an_account_passes_as_a_glue_job_of_the_demo(tmp_path):
    with (
        patch.dict(os.environ),
        demo.open_stage(tmp_path, Console(quiet=True), engine="spark") as stage,
    ):
        glue, job = stage.cloud.client("glue"), stage.platform.job["check_engine"]
        settings = json.loads(glue.get_job(JobName=job)["Job"]["DefaultArguments"]["--settings"])
        arguments = {"--run_id": "r", "--run_at": "2026-03-02T02:30:00Z"}
        arguments["--settings"] = json.dumps(settings | {"engine": "spark"})
        run = glue.start_job_run(JobName=job, Arguments=arguments)["JobRunId"]
        while (found := glue.get_job_run(JobName=job, RunId=run)["JobRun"])["JobRunState"] in ("STARTING", "RUNNING"):
            time.sleep(0.5)
        assert (found["JobRunState"], found.get("ErrorMessage", "")) == ("SUCCEEDED", "")
        (log,) = (stage.cloud.work_dir / "logs").glob(f"{job}-*.log")
        assert '"engine": "spark"' in log.read_text()
