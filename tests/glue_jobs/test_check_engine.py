"""The smoke test passes where engine and lake work, leaves nothing, and fails where a write does not arrive."""

import json
import runpy
import sys
from pathlib import Path

import pytest

from cdp.aws.lake import Lake
from cdp.engines.change import Change
from cdp.engines.duckdb import DuckDBEngine
from cdp.settings import Settings
from tests.conftest import settings_json

pytestmark = pytest.mark.slow
SCRIPT = Path(__file__).resolve().parents[2] / "glue_jobs/check_engine.py"


def run(monkeypatch):
    arguments = ["job", "--run_id", "check", "--run_at", "2026-03-02T02:30:00Z", "--settings", settings_json()]
    monkeypatch.setattr(sys, "argv", arguments)
    runpy.run_path(str(SCRIPT), run_name="__main__")


def channel_rows(settings: Settings, branch: str = "main") -> int:
    return Lake(settings, branch).row_count("curated.dim_channel")


def test_the_embedded_engine_passes_and_leaves_nothing(aws, monkeypatch, capsys):
    run(monkeypatch)
    assert json.loads(capsys.readouterr().out) == {"checked": "curated.dim_channel", "engine": "duckdb", "rows": 0}
    assert channel_rows(aws) == channel_rows(aws, "run_check") == 0


def test_a_write_that_does_not_arrive_is_found(aws, monkeypatch):
    monkeypatch.setattr(DuckDBEngine, "write", lambda self, name, step: Change(1, 0, 0, 1))
    with pytest.raises(Exception, match="rows after write 0: expected 1, found 0") as failed:
        run(monkeypatch)
    assert type(failed.value).__name__ == "EngineCheckError"
