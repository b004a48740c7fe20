"""A run is published only when the gates let it through and every record is accounted for.

Repeating it changes nothing: tables are published once, batches committed once, row counts and metrics repeat.
"""

from cdp import accounting, quality
from cdp.aws.raw import read_manifest
from cdp.dataset import Dataset
from cdp.job import Job, job, report
from cdp.run import RunError
from cdp.run_metrics import completeness_metrics, embedded_metrics


def close_run(j: Job) -> None:
    """Publish and commit the run. Raises AccountingError, GateError and RunError."""
    receipts, verdicts = read_manifest(j.settings.bucket("raw"), j.run_id), j.ledger.verdicts(j.run_id)
    has_records = any(receipt.accepted for receipt in receipts)
    later = [f for f in j.ledger.fates(j.run_id) if f.stage not in accounting.INGESTION]
    status = j.ledger.run(j.run_id).get("status")
    if status not in ("RUNNING", "PUBLISHING", "SUCCEEDED"):
        # Its lock is free: publishing now could undo what a later run has published.
        raise RunError(f"run {j.run_id} is {status}, not RUNNING; start a new execution, it takes the same batches")
    if status != "SUCCEEDED":
        accounting.require_balance([*accounting.ingested(receipts), *later])
        if has_records:
            quality.require_passed(verdicts)
            j.ledger.begin_publishing(j.run_id)
            report(published=j.lake.publish())
        j.ledger.commit_run(j.run_id, receipts)
    if has_records:
        # Only committed runs are history: a rejected one must not move what is usual.
        for dataset in Dataset.all():
            rows = j.lake.row_count(dataset.name)
            j.ledger.put_row_count(dataset.name, j.run_id, j.run_at.isoformat(), rows)
    for metrics in embedded_metrics(j.settings.environment, j.run_at, later, verdicts):
        report(**metrics)
    if percentages := j.ledger.completeness(j.run_id):
        report(**completeness_metrics(j.settings.environment, j.run_at, percentages))


if __name__ == "__main__":
    with job() as j:
        close_run(j)
