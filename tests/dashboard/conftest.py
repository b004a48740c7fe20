"""The desk over a small warehouse and the summaries of two runs, one of which failed."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from cdp.warehouse_access import ROLES
from dashboard import data
from localcloud import desk, queries
from tests.dashboard.star import empty_warehouse, fill

APP = str(Path(__file__).resolve().parents[2] / "dashboard/app.py")
CAUSE = "States.TaskFailed: no customer named Zarathustra7"
RULE = {
    "dataset": "curated.dim_customer",
    "rule": "phone_form",
    "severity": "warn",
    "dimension": "conformity",
    "checked": 200,
    "failing": 12,
    "measured": 6.0,
    "threshold": "< 1 percent",
}


def stage(name: str, dataset: str, received: int, **fates: int) -> dict[str, Any]:
    """A line of the accounting; what is not said was accepted."""
    other = {"duplicate": 0, "quarantined": 0, "suppressed": 0, "late_held": 0} | fates
    return {
        "stage": name,
        "dataset": dataset,
        "received": received,
        "accepted": received - sum(other.values()),
        **other,
    }


GOOD_RUN = {
    "run_id": "r1",
    "run_at": "2026-03-01T02:30:00Z",
    "status": "SUCCEEDED",
    "failed_state": "",
    "cause": "",
    "next_step": "",
    "verdicts": {"clean.customer": "pass", "curated.dim_customer": "warn"},
    "tables": {
        "clean.customer": {"rows": 100, "scores": {"completeness": 100.0, "accuracy": 99.0}},
        "curated.dim_customer": {"rows": 300, "scores": {"completeness": 96.0, "conformity": 98.0}},
    },
    "broken": [RULE],
    "stages": [
        stage("ingest_batch", "customer", 110, quarantined=10),
        stage("clean_raw", "customer", 100, duplicate=11),
    ],
    "completeness": {"reachable": 98.5},
    "seconds": {"ingest": 9.0, "plan_run": 1.0, "clean_raw": 90.0, "check_clean": 20.0, "load_warehouse": 30.0},
}
FAILED_RUN = GOOD_RUN | {
    "run_id": "r2",
    "run_at": "2026-03-01T03:05:00Z",
    "status": "FAILED",
    "failed_state": "BuildStarSchema",
    "cause": CAUSE,
    "next_step": "the next scheduled run takes them again.",
    "verdicts": {},
    "tables": {},
    "broken": [],
    "stages": [],
    "completeness": {},
    "seconds": {"plan_run": 1.0},
}
REJECTED = [
    {
        "stage": "ingest_batch",
        "dataset": "customer",
        "pointer": "/email",
        "rule": "format",
        "message": "no e-mail",
        "records": 10,
    },
]
SUMMARY = {"runs": [GOOD_RUN, FAILED_RUN], "rejected": REJECTED}


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as a demo leaves it."""
    folder = tmp_path_factory.mktemp("demo")
    fill(empty_warehouse(folder), customers=60, sales=900, events=1200)
    (folder / "summary.json").write_text(json.dumps(SUMMARY))
    return folder


@pytest.fixture(scope="session")
def demo_of_its_own(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same folder once more: only one server has the file."""
    folder = tmp_path_factory.mktemp("copy")
    for name in ("warehouse.duckdb", "summary.json"):
        shutil.copy(demo / name, folder)
    return folder


@pytest.fixture(scope="session")
def warehouse(demo: Path, demo_of_its_own: Path) -> Iterator[dict[str, str]]:
    """Where the warehouse listens, for its owner."""
    with queries.serve_warehouse(demo) as where:
        yield where


@pytest.fixture(scope="session")
def logins(warehouse: dict[str, str]) -> dict[str, dict[str, str]]:
    """Where it listens, for a user of each role."""
    return {role: queries.log_in_as(role, warehouse) for role in ROLES}


@pytest.fixture
def set_up(
    demo: Path, logins: dict[str, dict[str, str]], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., None]]:
    """Sets the desk up for a role, on another warehouse when given one; nothing is kept from the test before."""

    def set_up(role: str = "data_steward", where: dict[str, str] | None = None, summary: Path | None = None) -> None:
        where = where or logins.get(role, {})
        for name, value in desk.environment(where, role, summary or demo / "summary.json").items():
            monkeypatch.setenv(name, value)
        forget()

    yield set_up
    forget()


@pytest.fixture
def open_page(set_up: Callable[..., None]) -> Callable[..., AppTest]:
    """Opens a page of the app, by the name of its file, as a role."""

    def open_page(page: str = "business", role: str = "data_steward", **given: Any) -> AppTest:
        set_up(role, **given)
        return AppTest.from_file(APP, default_timeout=30).switch_page(f"{page}.py").run()

    return open_page


def forget() -> None:
    """Drop everything that the desk has kept."""
    st.cache_data.clear()
    st.cache_resource.clear()
    data.role.cache_clear()
    data._settings.cache_clear()


def text_of(app: AppTest) -> str:
    """Every word that a page has sent to the browser, tables and charts included."""
    words = [app.main, app.sidebar]
    return "\n".join(_text(block) for block in words)


def _text(element: Any) -> str:
    children = getattr(element, "children", None)
    if children:
        return "\n".join(_text(child) for child in children.values())
    value = getattr(element, "value", "")
    if hasattr(value, "to_csv"):
        value = value.to_csv()
    return f"{value}\n{getattr(element, 'proto', '')}"
