"""A run in figures for people: what became of every record, what the gates found, how long every step took."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from cdp.accounting import INGESTION, STAGES, Fates

FATES = ("received", "accepted", "duplicate", "quarantined", "suppressed", "late_held")
ORDER = (*reversed(INGESTION), *STAGES)


def run_summary(
    run_id: str,
    run: Mapping[str, Any],
    fates: Iterable[Fates],
    verdicts: Mapping[str, Mapping[str, Any]],
    completeness: Mapping[str, Any],
    history: Iterable[Mapping[str, Any]],
) -> dict[str, Any]:
    """{run_id, run_at, status, failed_state, cause, next_step, verdicts, tables, broken, stages, completeness,
    seconds}.

    `run`, `fates`, `verdicts` and `completeness` are the ledger's, `history` the execution's events in order
    (GetExecutionHistory). `tables` has rows and scores by dataset, `broken` the rules that broke, without keys or
    values of any row.
    """
    details = [found["details"] for found in verdicts.values()]
    tables = {name: table for found in details for name, table in found.get("tables", {}).items()}
    stages = sorted((asdict(f) for f in fates), key=lambda f: (_order(f["stage"]), f["dataset"]))
    return {
        "run_id": run_id,
        "run_at": run.get("run_at", ""),
        "status": run.get("status", "UNKNOWN"),
        "failed_state": run.get("failed_state", ""),
        "cause": run.get("cause", ""),
        "next_step": run.get("next_step", ""),
        "verdicts": {name: table["verdict"] for name, table in tables.items()},
        "tables": {name: {"rows": table["rows"], "scores": table["scores"]} for name, table in tables.items()},
        "broken": [
            {name: value for name, value in rule.items() if name != "sample_keys"}
            for found in details
            for rule in found.get("broken", [])
        ],
        "stages": stages,
        "completeness": dict(completeness),
        "seconds": state_seconds(history),
    }


def state_seconds(history: Iterable[Mapping[str, Any]]) -> dict[str, float]:
    """Seconds each Task state took, in the order they began, under the state's name in snake case."""
    entered: dict[str, Any] = {}
    seconds: dict[str, float] = {}
    for event in history:
        if event["type"] == "TaskStateEntered":
            entered[event["stateEnteredEventDetails"]["name"]] = event["timestamp"]
        elif event["type"] == "TaskStateExited":
            name = event["stateExitedEventDetails"]["name"]
            seconds[snake_case(name)] = round((event["timestamp"] - entered[name]).total_seconds(), 2)
    return seconds


def snake_case(state: str) -> str:
    """A state's name as the code writes it: CleanRaw is clean_raw."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", state).lower()


def warnings(run: Mapping[str, Any]) -> list[str]:
    """One sentence per quality rule that broke in a run (of `run_summary`); keys and values stay out of it."""
    return [f"{b['dataset']}: {b['rule']} ({b['severity']}): {_found(b)}" for b in run["broken"]]


def _found(broken: Mapping[str, Any]) -> str:
    if broken["failing"]:
        return f"{broken['failing']:,} of {broken['checked']:,} rows"
    return f"measured {broken['measured']}, must be {broken['threshold']}"


def _order(stage: str) -> int:
    return ORDER.index(stage) if stage in ORDER else len(ORDER)
