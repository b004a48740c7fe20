"""Runs as they really went, read back from the ledger, Step Functions and quarantine."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import orjson

from cdp.aws import objects
from cdp.aws.executions import history
from cdp.aws.ledger import Ledger
from cdp.run_summary import run_summary

FOLDER = "records/"


def read_run(ledger: Ledger, run_id: str) -> dict[str, Any]:
    """A run's `run_summary`; without seconds where Step Functions has forgotten the execution (after 90 days)."""
    run = ledger.run(run_id)
    events = history(run["execution_arn"]) if run.get("execution_arn") else []
    found = (ledger.fates(run_id), ledger.verdicts(run_id), ledger.completeness(run_id))
    return run_summary(run_id, run, *found, events)


def latest_runs(ledger: Ledger, limit: int) -> list[dict[str, Any]]:
    """The last runs, newest first."""
    return [read_run(ledger, run_id) for run_id in ledger.latest_runs(limit)]


def rejections(bucket: str, since: str = "") -> list[dict[str, Any]]:
    """Reasons in quarantine with their number of records, most frequent first; no payloads.

    {stage, dataset, pointer, rule, message, records}, of what arrived on the day `since` (ISO) or later.
    """
    counts: Counter[tuple[str, ...]] = Counter()
    for key in _keys(bucket):
        parts = dict(part.split("=", 1) for part in key.split("/") if "=" in part)
        if parts["date"] < since:
            continue
        for line in objects.read_lines(bucket, key):
            for reason in orjson.loads(line)["reasons"]:
                place = (parts["stage"], parts["dataset"])
                counts[(*place, reason["pointer"], reason["rule"], reason["message"])] += 1
    names = ("stage", "dataset", "pointer", "rule", "message")
    return [{**dict(zip(names, key, strict=True)), "records": n} for key, n in counts.most_common()]


def _keys(bucket: str) -> Iterator[str]:
    for page in objects.client().get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=FOLDER):
        yield from (entry["Key"] for entry in page.get("Contents", []))
