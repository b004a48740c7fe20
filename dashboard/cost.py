"""What a run costs by list price, estimated from how long its steps took.

It is an estimate: a step's seconds include the start of the job, which Glue does not bill, and what runs all the
time (streams, storage, keys, private endpoints) and the ingesting functions are not in it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from cdp import resources

PLATFORM = "terraform/platform.json"
GATE = "check_"  # the states check_clean and check_curated run the job check_quality
LOAD = "load_warehouse"


@dataclass(frozen=True)
class Prices:
    """List prices in USD of us-east-1, and the sizes that terraform/modules give jobs and warehouse unless told."""

    per_dpu_hour: float = 0.44
    least_glue_seconds: float = 60
    dpu_per_job: float = 2  # two workers G.1X
    per_gb_second: float = 0.0000166667
    per_rpu_hour: float = 0.375
    least_redshift_seconds: float = 60
    rpu: float = 8


@dataclass(frozen=True)
class Cost:
    """USD by service, and the quantities they come from."""

    dpu_seconds: float = 0
    gb_seconds: float = 0
    rpu_seconds: float = 0
    glue: float = 0
    function: float = 0
    redshift: float = 0

    @property
    def total(self) -> float:
        """USD of the whole run."""
        return self.glue + self.function + self.redshift

    def __add__(self, other: Cost) -> Cost:
        mine, theirs = asdict(self), asdict(other)
        return Cost(**{name: mine[name] + theirs[name] for name in mine})


def cost_of(seconds: Mapping[str, float], prices: Prices | None = None) -> Cost:
    """What a run costs whose states took these seconds (`cdp.run_summary`)."""
    prices = prices or Prices()
    return sum((_cost_of_state(state, took, prices) for state, took in seconds.items()), Cost())


def _cost_of_state(state: str, seconds: float, prices: Prices) -> Cost:
    listed = json.loads(resources.read_text(PLATFORM))
    if state in listed["function"]:
        gb_seconds = seconds * listed["function"][state]["memory_mb"] / 1024
        return Cost(gb_seconds=gb_seconds, function=gb_seconds * prices.per_gb_second)
    if state not in listed["job"] and not state.startswith(GATE):
        return Cost()
    dpu_seconds = prices.dpu_per_job * max(seconds, prices.least_glue_seconds)
    rpu_seconds = prices.rpu * max(seconds, prices.least_redshift_seconds) if state == LOAD else 0
    return Cost(
        dpu_seconds=dpu_seconds,
        rpu_seconds=rpu_seconds,
        glue=dpu_seconds / 3600 * prices.per_dpu_hour,
        redshift=rpu_seconds / 3600 * prices.per_rpu_hour,
    )
