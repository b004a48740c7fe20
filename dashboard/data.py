"""The only way from a page to data: the warehouse's answers, kept until the next load, and the runs' summaries.

Settings: CDP_SETTINGS names the warehouse and, for the runs, `table/ledger` and `bucket/quarantine`; where there is
no ledger, CDP_DESK_SUMMARY is the file in which a demo left its runs. CDP_DESK_ROLE is who looks, a viewer unless set.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from cdp import resources
from cdp.aws.ledger import Ledger
from cdp.aws.run_history import latest_runs, rejections
from cdp.aws.warehouse import Warehouse, WarehouseStatementError
from cdp.settings import Settings
from dashboard.role import Role

ROLE, SUMMARY = "CDP_DESK_ROLE", "CDP_DESK_SUMMARY"
UNDEFINED_TABLE = "42P01"
KEPT = timedelta(hours=12)
ANSWERS = 300
RUNS = 30
REJECTION_DAYS = 30


@cache
def role() -> Role:
    """Who looks; raises RoleError."""
    return Role(os.environ.get(ROLE, "viewer"))


def analysis(name: str, then: str = "select * from question") -> pd.DataFrame:
    """The answer to a question of `sql/warehouse/analytics/`, reduced by the query `then` over `question`."""
    return _ask(f"with question as (\n{_text('analytics', name)}\n)\n{then}")


def figures(name: str) -> pd.DataFrame:
    """The answer to a query of `sql/warehouse/desk/` about no one in particular."""
    return _ask(_text("desk", name))


def look_up(name: str, columns: Sequence[str], parameters: Sequence[object], order_by: str = "") -> pd.DataFrame:
    """The answer to a query of `sql/warehouse/desk/` about persons: only the columns that the role may see."""
    order = f"\norder by {order_by}" if order_by else ""
    seen = ", ".join(role().seen(columns))
    return _ask(f"select {seen}\nfrom (\n{_text('desk', name)}\n) as answer{order}", tuple(parameters))


@st.cache_data(ttl=timedelta(minutes=1), show_spinner=False)
def load_number() -> int:
    """Number of the last load; 0 while nothing was loaded. Raises WarehouseUnavailableError."""
    try:
        return int(_query("select coalesce(max(load_number), 0) as n from load_manifest")[0]["n"])
    except WarehouseStatementError as error:
        if error.sqlstate == UNDEFINED_TABLE:
            return 0
        raise


@st.cache_data(ttl=timedelta(minutes=1), show_spinner=False)
def runs() -> list[dict[str, Any]]:
    """Summaries of the last runs (`cdp.run_summary`), newest first; none where no one keeps them."""
    if file := os.environ.get(SUMMARY):
        return list(reversed(_summary(file)["runs"]))
    if _has("table", "ledger"):
        return latest_runs(Ledger(_settings().table("ledger")), RUNS)
    return []


@st.cache_data(ttl=timedelta(minutes=10), show_spinner=False)
def rejected() -> list[dict[str, Any]]:
    """Reasons in quarantine with their number of records (`cdp.aws.run_history.rejections`), of the last 30 days."""
    if file := os.environ.get(SUMMARY):
        return list(_summary(file)["rejected"])
    if _has("bucket", "quarantine"):
        since = (datetime.now(UTC) - timedelta(days=REJECTION_DAYS)).date().isoformat()
        return rejections(_settings().bucket("quarantine"), since)
    return []


def _ask(sql: str, parameters: tuple[object, ...] = ()) -> pd.DataFrame:
    return _answer(load_number(), sql, parameters)


@st.cache_data(ttl=KEPT, max_entries=ANSWERS, show_spinner=False)
def _answer(load: int, sql: str, parameters: tuple[object, ...]) -> pd.DataFrame:
    """Rows of a query as of a load; another load asks again."""
    rows = [{name: _plain(value) for name, value in row.items()} for row in _query(sql, parameters)]
    return pd.DataFrame(rows)


def _query(sql: str, parameters: Sequence[object] = ()) -> list[dict[str, Any]]:
    warehouse, lock = _warehouse()
    with lock:  # a connection serves one query at a time
        try:
            return warehouse.query(sql, parameters)
        except WarehouseStatementError as error:
            if error.sqlstate:
                raise
            warehouse.close()  # the connection is gone: the warehouse slept or was restarted
            return warehouse.query(sql, parameters)


@st.cache_resource(show_spinner=False)
def _warehouse() -> tuple[Warehouse, threading.Lock]:
    return Warehouse(_settings(), attempts=2, pause_s=0.5), threading.Lock()


@cache
def _settings() -> Settings:
    return Settings.from_environment()


def _has(kind: str, key: str) -> bool:
    return key in _settings().names.get(kind, {})


def _summary(file: str) -> dict[str, Any]:
    return dict(json.loads(Path(file).read_text()))


def _text(folder: str, name: str) -> str:
    return resources.read_text(f"sql/warehouse/{folder}/{name}.sql").strip().removesuffix(";")


def _plain(value: Any) -> Any:
    return float(value) if isinstance(value, Decimal) else value
