"""Given rows, expected rows: an engine without a lake, and inputs made from the dataset contracts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pyarrow as pa
import pytest

from cdp.dataset import Dataset
from cdp.engines.duckdb import DuckDBEngine


@pytest.fixture
def engine() -> Iterator[DuckDBEngine]:
    engine = DuckDBEngine()
    yield engine
    engine.close()


@pytest.fixture
def given(engine: DuckDBEngine) -> Callable[..., None]:
    """`given("clean.customer", {…}, {…})` registers rows of a lake table; times are ISO texts, the rest is null."""

    def register(name: str, *rows: dict[str, Any]) -> None:
        schema = Dataset.load(name).arrow_schema()
        times = {f.name for f in schema if pa.types.is_timestamp(f.type)}
        typed = [{k: at(v) if k in times else v for k, v in row.items()} for row in rows]
        engine.register(name.replace(".", "_"), pa.Table.from_pylist(typed, schema=schema))

    return register


def at(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
