"""Between two runs: what no snapshot younger than `--keep_days` needs is removed from the lake, for good."""

from datetime import UTC, datetime, timedelta

from cdp.aws.lake import Lake
from cdp.aws.ledger import RunInProgressError
from cdp.aws.maintenance import maintain
from cdp.job import Job, job, report


def maintain_lake(j: Job, now: datetime) -> None:
    """Expire and remove, unless a run goes on: its files look like nobody's. Raises RunInProgressError."""
    if holder := j.ledger.running():
        raise RunInProgressError(f"run {holder['run_id']} is writing; start maintain_lake again when it has ended")
    for removed in maintain(Lake(j.settings), now - timedelta(days=float(j.arguments["keep_days"]))):
        report(**vars(removed))


if __name__ == "__main__":
    with job("keep_days") as j:
        maintain_lake(j, datetime.now(UTC))
