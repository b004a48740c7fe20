"""Quarantine as tables of DuckDB: `quarantine` (a row per record, stage and run) and `replay` (what came of it).

Lines are read from the bucket, or from a folder such as a finished demo's `build/demo/lake`.
"""

from __future__ import annotations

from collections.abc import Iterator
from gzip import GzipFile
from pathlib import Path
from typing import Any

import duckdb
import orjson
import pyarrow as pa

from cdp.aws import objects
from cdp.quarantine import HELD_PREFIX, RECORDS_PREFIX, REPLAYS_PREFIX

LINE = pa.schema(
    [
        (n, pa.string())
        for n in ("record_id", "dataset", "date", "stage", "source", "received_at", "format", "origin", "payload")
    ]
    + [(n, pa.string()) for n in ("replay_of", "fix", "run_id")]
    + [("is_held", pa.bool_()), ("rules", pa.list_(pa.string())), ("pointers", pa.list_(pa.string()))]
)
REPLAY = pa.schema(
    [(n, pa.string()) for n in ("record_id", "dataset", "stage", "fix", "replayed_as", "outcome", "replay_id")]
    + [("replayed_at", pa.string())]
)


def connect(place: str | Path) -> duckdb.DuckDBPyConnection:
    """Both tables in memory; `place` is a bucket's name, or a folder that holds its objects."""
    lines = [*_lines(place, RECORDS_PREFIX, False), *_lines(place, HELD_PREFIX, True)]
    replays = [orjson.loads(line) for _, line in _read(place, REPLAYS_PREFIX)]
    connection = duckdb.connect(":memory:")
    for name, rows, schema in (("quarantine", lines, LINE), ("replay", replays, REPLAY)):
        connection.register("arriving", pa.Table.from_pylist(rows, schema=schema))
        connection.execute(f"create table {name} as select * from arriving")
    return connection


def _lines(place: str | Path, prefix: str, is_held: bool) -> Iterator[dict[str, Any]]:
    for key, line in _read(place, prefix):
        found = orjson.loads(line)
        dataset, date = (key.partition(f"{part}=")[2].partition("/")[0] for part in ("dataset", "date"))
        reasons = found["reasons"]
        yield {
            **{name: found.get(name) for name in LINE.names},
            "dataset": dataset,
            "date": date,
            "is_held": is_held,
            "rules": [reason["rule"] for reason in reasons],
            "pointers": [reason["pointer"] for reason in reasons],
        }


def _read(place: str | Path, prefix: str) -> Iterator[tuple[str, bytes]]:
    if isinstance(place, Path):
        for file in sorted((place / prefix).rglob("*.jsonl.gz")):
            with GzipFile(file) as lines:
                yield from ((str(file), line) for line in lines)
    else:
        for key in objects.keys(place, prefix):
            yield from ((key, line) for line in objects.read_lines(place, key))
