"""A run opens once: it takes the lock, and its manifest closes over every batch that is pending at that moment.

Repeated for the same execution it answers the same. Raises RunInProgressError while another run goes on.
"""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from cdp.accounting import ingested
from cdp.aws.executions import is_running
from cdp.aws.ledger import Ledger, RunInProgressError
from cdp.aws.manifest import close_manifest
from cdp.aws.raw import manifest_key
from cdp.run import Run
from cdp.settings import Settings

logger = Logger(service="plan_run")


@logger.inject_lambda_context(log_event=False, clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Open the run of `event["execution"]`, the state machine's `$$.Execution`.

    Returns {run_id, run_at, records, manifest}: `records` are those of raw, `manifest` is the key in the bucket.
    """
    settings, execution = Settings.from_environment(), event["execution"]
    run = Run.of(execution)
    logger.set_correlation_id(run.run_id)
    ledger = Ledger(settings.table("ledger"))
    _open(ledger, run, execution["Id"])
    receipts = close_manifest(settings.bucket("raw"), run, ledger.pending_receipts())
    for fates in ingested(receipts):
        ledger.put_fates(run.run_id, fates)
    records = sum(receipt.accepted for receipt in receipts)
    logger.info("run opened", batches=len(receipts), records=records)
    return {
        "run_id": run.run_id,
        "run_at": run.run_at,
        "records": records,
        "manifest": manifest_key(run.run_id),
    }


def _open(ledger: Ledger, run: Run, execution_arn: str) -> None:
    """Take the lock, also from a run whose execution was stopped by hand or timed out and could not give it back."""
    try:
        ledger.open_run(run.run_id, run.run_at, execution_arn)
    except RunInProgressError:
        holder = ledger.running()
        if holder and is_running(holder["execution_arn"]):
            raise
        if holder:
            logger.warning("run was never closed", lost_run_id=holder["run_id"])
            ledger.fail_run(holder["run_id"], "an unknown state", "its execution ended without closing it")
        ledger.open_run(run.run_id, run.run_at, execution_arn)
