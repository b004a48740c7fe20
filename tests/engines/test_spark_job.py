"""Glue hears that a job on Spark is done only when it ended well."""

import json
import sys

import pytest

from cdp.job import job
from tests.conftest import settings_json

pytestmark = [pytest.mark.spark, pytest.mark.slow]


def arguments() -> list[str]:
    settings = json.dumps(json.loads(settings_json()) | {"engine": "spark"})
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
