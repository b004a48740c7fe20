"""One step of scale.py in a process of its own, as on Glue: a job over raw and lake on the local disk, or the baseline.

    python benchmarks/one_step.py clean_raw --engine duckdb --raw <folder> --work <folder>

Prints the highest memory of its processes together, in bytes.
"""

from __future__ import annotations

import argparse
import json
import resource
import runpy
import sys
from contextlib import redirect_stdout
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "localcloud/glue_shim")]

BASELINE, RUN_ID, RUN_AT = "baseline", "scale", "2026-03-02T02:30:00Z"
RULES = "v1"  # records that share an identifier, as in the baseline; identity.py measures the rules that weigh
MEMORY_LIMIT = "1GB"  # the engine's own default, and the baseline's


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("step")
    parser.add_argument("--engine", default="duckdb")
    parser.add_argument("--raw", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--memory", default=MEMORY_LIMIT, help="that the baseline may use (%(default)s)")
    options = parser.parse_args()
    with redirect_stdout(sys.stderr):
        if options.step == BASELINE:
            run_baseline(options.raw, options.work / BASELINE, options.memory)
        else:
            run_job(options.step, options.engine, options.raw, options.work)
    processes = 1
    if options.step == "clean_raw":
        from cdp.clean_batches import WORKERS as processes
    # Linux counts KiB; of its children it knows the largest, so that this is the most they can have had together.
    own, largest = (resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    print((own + processes * largest) * 1024)


def run_baseline(raw: Path, out: Path, memory: str) -> None:
    """Every table of baseline.sql as a Parquet file."""
    import duckdb

    (out / "spill").mkdir(parents=True, exist_ok=True)
    text = Path(__file__).with_name("baseline.sql").read_text()
    for name, value in {"raw": raw, "run_at": RUN_AT, "run_id": RUN_ID}.items():
        text = text.replace(f"{{{name}}}", str(value))
    with duckdb.connect() as connection:
        connection.execute(f"set memory_limit = '{memory}'; set temp_directory = '{out}/spill'")
        connection.execute("set TimeZone = 'UTC'; set preserve_insertion_order = false")
        # One by one: of several statements at once DuckDB takes the names of windows for those of one query.
        for statement in text.strip().split(";\n"):
            connection.execute(statement)
        for (table,) in connection.execute("select table_name from duckdb_tables()").fetchall():
            connection.execute(f"copy {table} to '{out}/{table}.parquet' (compression zstd)")


def run_job(name: str, engine: str, raw: Path, work: Path) -> None:
    """The job's script as Glue runs it; the environment names the stand-in for AWS and, for Spark, its settings."""
    from cdp.aws import objects
    from cdp.matching.rules import MatchRules

    objects.open_stream = lambda bucket, key, etag="": (raw / key).open("rb")  # type: ignore[assignment]
    MatchRules.load = partial(MatchRules.load, RULES)  # type: ignore[method-assign]
    settings = json.loads((work / "settings.json").read_text()) | {"engine": engine}
    sys.argv = [name, "--run_id", RUN_ID, "--run_at", RUN_AT, "--settings", json.dumps(settings)]
    try:
        runpy.run_path(str(ROOT / f"glue_jobs/{name}.py"), run_name="__main__")
    finally:
        if engine == "spark":
            _end_spark()


def _end_spark() -> None:
    """Wait for Java, which else would end after this process and be counted nowhere."""
    from pyspark import SparkContext

    context, gateway = SparkContext._active_spark_context, SparkContext._gateway
    if context is not None and gateway is not None:
        context.stop()
        gateway.shutdown()
        gateway.proc.stdin.close()
        gateway.proc.wait()


if __name__ == "__main__":
    main()
