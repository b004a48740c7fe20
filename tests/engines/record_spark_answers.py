"""Spark's answers to the expression matrix are written down, so that a test without Java can compare with them."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path

from localcloud import spark_home
from tests.engines.expressions import ANSWERS, ENTRIES, ask_spark, key_of


def record() -> None:
    """Ask the installed Spark for every answer and replace the recorded ones; a changed answer shows in the diff."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ.update(spark_home.environment(Path(folder)))
        from cdp.engines.spark import SparkEngine

        session = SparkEngine().session
        lines = [f"{json.dumps(key_of(e))}: {json.dumps(ask_spark(session, e), ensure_ascii=False)}" for e in ENTRIES]
        session.stop()
    ANSWERS.write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    record()
