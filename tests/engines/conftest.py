"""Both engines side by side, and what it means that they give the same."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from cdp.dataset import Dataset
from cdp.engines.duckdb import DuckDBEngine
from cdp.engines.sql_text import casts
from localcloud import spark_home


@pytest.fixture(scope="session")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """One catalog on disk for both engines."""
    return spark_home.shared_catalog(tmp_path_factory.mktemp("shared"))


@pytest.fixture(scope="session")
def spark_environment(tmp_path_factory: pytest.TempPathFactory, catalog: dict[str, str]) -> None:
    """Spark can start in this process. Without it the tests are skipped, and fail where CI is set."""
    is_without_iceberg = bool(os.environ.get("WITHOUT_ICEBERG"))
    try:
        found = spark_home.environment(tmp_path_factory.mktemp("spark"), None if is_without_iceberg else catalog)
    except spark_home.SparkMissingError as error:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"Spark cannot run here: {error}")
    os.environ.update(found)


@dataclass
class Both:
    """DuckDB and Spark, given the same."""

    duckdb: Any
    spark: Any

    def each(self, act: Callable[[Any], Any]) -> Any:
        """Do the same with both and see the same come of it."""
        embedded, distributed = act(self.duckdb), act(self.spark)
        assert embedded == distributed
        return embedded

    def agree_on(self, name: str) -> None:
        """A step has the same rows on both."""
        same_rows(self.duckdb.arrow(name).read_all(), self.spark.arrow(name).read_all(), name)

    def agree_on_table(self, table: str, step: str) -> None:
        """A step, cast to its table's contract, has the same rows and exactly the contract's types on both."""
        dataset = Dataset.load(table)
        self.each(lambda engine: engine.step("contract_rows", f"select {casts(dataset)} from {step}"))
        one, other = (e.arrow("contract_rows").read_all() for e in (self.duckdb, self.spark))
        assert types(one) == types(other) == [str(t) for t in dataset.arrow_schema().types]
        same_rows(one, other, table)


def types(rows: pa.Table) -> list[str]:
    """The columns' types; UTC has one name only."""
    return [str(t).replace("Etc/UTC", "UTC") for t in rows.schema.types]


def same_rows(one: pa.Table, other: pa.Table, name: str) -> None:
    """EXCEPT ALL both ways is empty."""
    assert one.column_names == other.column_names, name
    with duckdb.connect() as judge:
        judge.execute("set TimeZone = 'UTC'")
        judge.register("one", one)
        judge.register("other", other)
        for left, right in (("one", "other"), ("other", "one")):
            rows = judge.execute(f"select * from {left} except all select * from {right} limit 3").to_arrow_table()
            assert rows.num_rows == 0, f"{name}: only {left} has {rows.to_pylist()}"


@pytest.fixture(scope="session")
def engines(spark_environment: None) -> Iterator[Both]:
    """Two engines without a lake, for the session."""
    from cdp.engines.spark import SparkEngine

    both = Both(DuckDBEngine(), SparkEngine())
    yield both
    both.duckdb.close()
    both.spark.close()
