"""What a demo did, read back from where it really happened: ledger, execution history, quarantine and warehouse."""

from __future__ import annotations

import gzip
import json
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import orjson

from cdp.aws.ledger import Ledger

FATES = ("received", "accepted", "duplicate", "quarantined", "suppressed", "late_held")
STAGES = (
    "ingest_batch",
    "ingest_stream",
    "clean_raw",
    "resolve_identities",
    "build_golden_records",
    "build_star_schema",
    "load_warehouse",
)


def run_summary(ledger: Ledger, run_id: str, history: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """One run of `summary.json`: status, verdict per dataset, fates per stage and dataset, completeness
    of the view of all customers in percent, seconds per state.

    `history` is the execution's events in order (GetExecutionHistory).
    """
    verdicts = {
        dataset: table["verdict"]
        for gate in ledger.verdicts(run_id).values()
        for dataset, table in gate["details"].get("tables", {}).items()
    }
    stages = sorted((asdict(f) for f in ledger.fates(run_id)), key=lambda f: (_order(f["stage"]), f["dataset"]))
    return {
        "run_id": run_id,
        "status": ledger.run(run_id).get("status", "UNKNOWN"),
        "verdicts": verdicts,
        "stages": stages,
        "completeness": ledger.completeness(run_id),
        "seconds": state_seconds(history),
    }


def run_id_of(execution: dict[str, Any]) -> str:
    """The platform's id of the run that an execution made (DescribeExecution of a succeeded one)."""
    return str(json.loads(execution["output"])["run"]["run_id"])


def _order(stage: str) -> int:
    return STAGES.index(stage) if stage in STAGES else len(STAGES)


def state_seconds(history: Iterable[dict[str, Any]]) -> dict[str, float]:
    """Seconds each Task state took, in the order they began, under the state's name in snake case."""
    entered: dict[str, Any] = {}
    seconds: dict[str, float] = {}
    for event in history:
        if event["type"] == "TaskStateEntered":
            entered[event["stateEnteredEventDetails"]["name"]] = event["timestamp"]
        elif event["type"] == "TaskStateExited":
            name = event["stateExitedEventDetails"]["name"]
            stage = re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
            seconds[stage] = round((event["timestamp"] - entered[name]).total_seconds(), 2)
    return seconds


def warnings(ledger: Ledger, run_id: str) -> list[str]:
    """One sentence per quality rule that broke in a run; keys and values stay out of it."""
    broken = (rule for gate in ledger.verdicts(run_id).values() for rule in gate["details"].get("broken", []))
    return [f"{b['dataset']}: {b['rule']} ({b['severity']}): {_found(b)}" for b in broken]


def _found(broken: dict[str, Any]) -> str:
    if broken["failing"]:
        return f"{broken['failing']:,} of {broken['checked']:,} rows"
    return f"measured {broken['measured']}, must be {broken['threshold']}"


def rejected(s3: Any, bucket: str) -> list[dict[str, Any]]:
    """Reasons in quarantine with the number of records each, most frequent first; no payloads."""
    counts: Counter[tuple[str, str, str, str, str]] = Counter()
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix="records/"):
        for entry in page.get("Contents", []):
            parts = dict(p.split("=", 1) for p in entry["Key"].split("/") if "=" in p)
            body = s3.get_object(Bucket=bucket, Key=entry["Key"])["Body"].read()
            for line in gzip.decompress(body).splitlines():
                for reason in orjson.loads(line)["reasons"]:
                    key = (
                        parts["stage"],
                        parts["dataset"],
                        reason["pointer"],
                        reason["rule"],
                        reason["message"],
                    )
                    counts[key] += 1
    names = ("stage", "dataset", "pointer", "rule", "message")
    return [{**dict(zip(names, key, strict=True)), "records": n} for key, n in counts.most_common()]


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
