"""Every landed file is taken once, whole: its good rows to raw, its bad rows to quarantine, counted in receipts.

Which file is which is decided by content: the same content landed again counts as duplicate rows. A file that
cannot be read as rows is copied to quarantine, whole. Dying midway leaves nothing that counts; the repeated
event writes the same objects again.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator
from functools import cache
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from cdp.aws import objects
from cdp.aws.ledger import Ledger, Receipt
from cdp.delimited import UnreadableFileError
from cdp.intake import Intake, unreadable_file
from cdp.intake_metrics import publish
from cdp.landing import PREFIX, Landing
from cdp.settings import Settings

STAGE = "ingest_batch"
PART_RECORDS = 50_000
PART_BYTES = 64 * 1024 * 1024

logger = Logger(service=STAGE)


@logger.inject_lambda_context(log_event=False, clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, int]:
    """Take the file an S3 "Object Created" event names; returns what became of its rows."""
    key, landed_at = event["detail"]["object"]["key"], event["time"]
    logger.set_correlation_id(event["id"])
    if not key.startswith(PREFIX) or key.endswith("/"):
        logger.info("not a landed file")
        return {}
    settings = Settings.from_environment()
    ledger, extra_fields = _ledger(settings.table("ledger")), Counter[str]()
    try:
        receipts = _take(settings, ledger, Landing.of(key), landed_at, extra_fields)
    except UnreadableFileError as error:
        receipts = [unreadable_file(settings, STAGE, key, landed_at, error.reason)]
        ledger.put_receipt(receipts[0])
    publish(settings, receipts, extra_fields)
    fates = {f: sum(getattr(r, f) for r in receipts) for f in ("received", "accepted", "duplicate", "quarantined")}
    logger.info("file taken", parts=len(receipts), **fates)
    return fates


def _take(
    settings: Settings, ledger: Ledger, landing: Landing, landed_at: str, extra_fields: Counter[str]
) -> list[Receipt]:
    bucket, landed = settings.bucket("raw"), f"{landing.key}@{landed_at}"
    etag = objects.etag_of(bucket, landing.key)
    with objects.open_stream(bucket, landing.key, etag) as stream:
        checksum = landing.checksum(stream)
    taken = ledger.file_taken(checksum)
    if taken:
        receipts = [] if taken["key"] == landed else [_duplicate(landing, landed_at, checksum, int(taken["rows"]))]
    else:
        receipts = []
        for part, intake in enumerate(_parts(bucket, landing, landed_at, etag)):
            receipts += intake.store(settings, f"{checksum}-{part:05d}")
            extra_fields.update(intake.count_extra_fields)
    for receipt in receipts:
        ledger.put_receipt(receipt)
    if not taken:
        ledger.take_file(checksum, landed, sum(r.received for r in receipts))
    return receipts


def _parts(bucket: str, landing: Landing, landed_at: str, etag: str) -> Iterator[Intake]:
    """The file's records, cut by number and size; the same file is always cut alike."""
    intake = Intake(STAGE)
    with objects.open_stream(bucket, landing.key, etag) as stream:
        for record in landing.records(stream, landed_at):
            if intake.count_records == PART_RECORDS or intake.count_bytes > PART_BYTES:
                yield intake
                intake = Intake(STAGE)
            intake.add(record)
    if intake.count_records:
        yield intake


def _duplicate(landing: Landing, landed_at: str, checksum: str, rows: int) -> Receipt:
    again = hashlib.sha256(f"{landing.key}\0{landed_at}".encode()).hexdigest()[:16]
    return Receipt(
        receipt_id=f"{checksum}-again-{again}",
        stage=STAGE,
        dataset=landing.contract.dataset,
        received=rows,
        accepted=0,
        duplicate=rows,
        quarantined=0,
        received_at=landed_at,
    )


@cache
def _ledger(table: str) -> Ledger:
    return Ledger(table)
