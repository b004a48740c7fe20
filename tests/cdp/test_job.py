"""A job gets the engine that its settings name."""

import json
import subprocess
import sys

import pytest

from cdp.job import job
from cdp.settings import SettingsError
from tests.conftest import settings_json


def arguments(engine: str) -> list[str]:
    settings = json.dumps(json.loads(settings_json()) | {"engine": engine})
    return ["job", "--run_id", "r", "--run_at", "2026-03-02T02:30:00Z", "--settings", settings]


def test_an_unknown_engine_is_refused(aws, monkeypatch):
    monkeypatch.setattr(sys, "argv", arguments("abacus"))
    with pytest.raises(SettingsError, match="duckdb or spark, not abacus"), job():
        pass


def test_neither_engine_is_imported_before_the_settings_name_one():
    code = "import cdp.job, sys; print(sorted({'duckdb', 'pyspark'} & sys.modules.keys()))"
    env = {"PYTHONPATH": "localcloud/glue_shim"}
    shown = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=env, check=True, timeout=60
    )
    assert shown.stdout.strip() == "[]"
