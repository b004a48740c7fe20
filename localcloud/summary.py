"""What a demo leaves: its summary as JSON, a copy of the lake, and where its figures differ from the answer key."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any


def run_id_of(execution: dict[str, Any]) -> str:
    """The platform's id of the run that an execution made (DescribeExecution of a succeeded one)."""
    return str(json.loads(execution["output"])["run"]["run_id"])


def export_objects(s3: Any, buckets: Iterable[str], folder: Path) -> int:
    """Copy every object of the buckets to `folder/<bucket>/<key>`; returns their number."""
    count = 0
    for bucket in buckets:
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
            for entry in page.get("Contents", []):
                target = folder / bucket / entry["Key"]
                target.parent.mkdir(parents=True, exist_ok=True)
                s3.download_file(bucket, entry["Key"], str(target))
                count += 1
    return count


def differences(expected: dict[str, Any], run: dict[str, Any]) -> list[str]:
    """Where a run's fates at ingestion and cleaning are not what the sample data's answer key says."""
    found = {(line["stage"], line["dataset"]): line for line in run["stages"]}
    wrong = []
    for dataset, stages in expected.items():
        for stage, fates in _expected_stages(stages, found, dataset):
            line = found.get((stage, dataset), {})
            wrong += [
                f"{stage} of {dataset}: {fate} is {line.get(fate, 0)}, the answer key says {count}"
                for fate, count in fates.items()
                if line.get(fate, 0) != count
            ]
    return wrong


def _expected_stages(
    stages: dict[str, Any], found: dict[tuple[str, str], Any], dataset: str
) -> list[tuple[str, dict[str, int]]]:
    ingest = "ingest_stream" if ("ingest_stream", dataset) in found else "ingest_batch"
    return [(ingest, stages["ingest"]), ("clean_raw", stages["clean"])]


def write_json(summary: dict[str, Any], file: Path) -> None:
    """Write the summary, readable."""
    file.write_text(json.dumps(summary, indent=2) + "\n")
