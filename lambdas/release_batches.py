"""Batches that a gate rejected go to the next run once a steward says so; releasing them twice changes nothing."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from cdp.aws.ledger import Ledger
from cdp.aws.raw import read_manifest
from cdp.run import RunError
from cdp.settings import Settings

logger = Logger(service="release_batches")


@logger.inject_lambda_context(log_event=False, clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Release the held batches of `event["run_id"]`; returns {run_id, released}: how many the next run takes.

    Raises RunError when no run is named, RawError when the run has no manifest.
    """
    run_id = str(event.get("run_id") or "")
    if not run_id:
        raise RunError('name the run whose batches are to be released: {"run_id": "2026-03-02T02-30-00Z-0a1b2c3d"}')
    settings = Settings.from_environment()
    ledger = Ledger(settings.table("ledger"))
    taken = {receipt.receipt_id for receipt in read_manifest(settings.bucket("raw"), run_id)}
    released = [receipt for receipt in ledger.held_receipts() if receipt.receipt_id in taken]
    ledger.release(released)
    logger.info("batches released", run_id=run_id, released=len(released))
    return {"run_id": run_id, "released": len(released)}
