"""A GlueContext that holds a Spark session and nothing more; jobs use plain Spark."""

from __future__ import annotations

from importlib import import_module
from typing import Any


class GlueContext:
    """Wraps a SparkContext as Glue does."""

    def __init__(self, spark_context: Any) -> None:
        self.spark_session = import_module("pyspark.sql").SparkSession(spark_context)
