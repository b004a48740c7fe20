"""A run has one name, made of its scheduled time and its execution: repeating a step of it finds the same run."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any


class RunError(Exception):
    """An execution does not say which run it is, or a run is not in the state that a step needs."""


@dataclass(frozen=True)
class Run:
    """`run_at` is the scheduled time in UTC, as ISO text; `run_id` is safe in keys and branch names."""

    run_id: str
    run_at: str

    @classmethod
    def of(cls, execution: Mapping[str, Any]) -> Run:
        """The run of a Step Functions execution (its context object: Id, Input, StartTime). Raises RunError.

        An execution started by hand without `run_at` runs for the time it was started at.
        """
        given = execution.get("Input")
        stated = given.get("run_at") if isinstance(given, Mapping) else None
        try:
            at = parse_time(str(stated or execution["StartTime"])).replace(microsecond=0)
            execution_id = str(execution["Id"])
        except (ValueError, KeyError) as error:
            raise RunError(
                f"the execution's input needs run_at, a UTC time like 2026-03-02T02:30:00Z ({error!r})"
            ) from error
        # Executions started by hand have names with equal beginnings, their hashes differ.
        short = hashlib.sha256(execution_id.encode()).hexdigest()[:8]
        return cls(run_id=f"{at:%Y-%m-%dT%H-%M-%SZ}-{short}", run_at=f"{at:%Y-%m-%dT%H:%M:%SZ}")


def branch_of(run_id: str) -> str:
    """Name of the branch a run writes on; letters, digits and underscores only, as every engine accepts it."""
    return "run_" + "".join(c if c.isalnum() else "_" for c in run_id)


def parse_time(text: str) -> datetime:
    """An RFC 3339 time as an aware datetime in UTC; a time without an offset is UTC."""
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
