"""Every change of an id's customer is written down: when, from which customer to which, and what kind of change.

The log is the history of what was published, run by run; unlike the other tables it depends on the order in which
data arrived. Whoever keeps a `customer_id` outside the lake follows it here, and `customers_as_of` gives the
customers as they were at an earlier time.
"""

from __future__ import annotations

from datetime import datetime

from cdp.steps import Engine, run_steps

READS = ("identity.identity_log",)
WRITES = {"identity.identity_log": "identity_log"}

STEPS = ("followed", "identity_event", "identity_log")


def log_changes(engine: Engine, run_id: str, run_at: datetime, rule_version: str) -> dict[str, int]:
    """Make the step `identity_log` from `identifier` and the log so far; {event: ids it happened to} in this run."""
    run_steps(engine, "identity", STEPS, {"run_id": run_id, "run_at": run_at, "rule_version": rule_version})
    counts = engine.query("select event, count(*) as n from identity_event group by event order by event")
    return {row["event"]: row["n"] for row in counts}


def customers_as_of(engine: Engine, as_of: datetime) -> None:
    """Make the step `customer_as_of`: the customer of every source id and anonymous id as the log says it was then."""
    run_steps(engine, "identity", ["customer_as_of"], {"as_of": as_of})
