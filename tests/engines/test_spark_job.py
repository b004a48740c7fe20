"""Glue hears that a job on Spark is done only when it ended well."""

import json
import runpy
import sys
from pathlib import Path

import pytest

from cdp.job import job
from tests.conftest import settings_json

SMOKE_TEST = Path(__file__).resolve().parents[2] / "glue_jobs/check_engine.py"

pytestmark = [pytest.mark.spark, pytest.mark.slow]


def arguments(**settings) -> list[str]:
    settings = json.dumps(json.loads(settings_json()) | {"engine": "spark"} | settings)
    return ["job", "--run_id", "r", "--run_at", "2026-03-02T02:30:00Z", "--settings", settings]


def test_a_spark_job_is_committed_only_when_it_ended_well(aws, spark_environment, monkeypatch):
    from awsglue.job import Job

    committed = []
    monkeypatch.setattr(Job, "commit", lambda self: committed.append(self))
    monkeypatch.setattr(sys, "argv", arguments())
    with pytest.raises(ZeroDivisionError), job():
        raise ZeroDivisionError
    assert committed == []
    with job() as j:
        assert j.engine.query("select 1 as one") == [{"one": 1}]
    assert len(committed) == 1


def test_the_smoke_test_of_an_account_passes_on_spark(aws, spark_environment, catalog, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", arguments(catalog=catalog))
    runpy.run_path(str(SMOKE_TEST), run_name="__main__")
    assert json.loads(capsys.readouterr().out.splitlines()[-1]) == {
        "checked": "curated.dim_channel",
        "engine": "spark",
        "rows": 0,
    }
