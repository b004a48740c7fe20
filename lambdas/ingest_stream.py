"""Every record of a Kinesis batch lands once: in raw, or in quarantine with the reasons why.

A bad record is stored like any other and never fails. A failing AWS call raises, so that Lambda delivers the
batch again. A record that breaks this code is reported as the batch's failed item: those before it are stored, it
and those after it come again, and in the end it goes to the on-failure destination.
"""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from functools import cache, lru_cache
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.kinesis_stream_event import KinesisStreamRecord
from aws_lambda_powertools.utilities.typing import LambdaContext
from pybase64 import b64decode

from cdp import resources
from cdp.aws.ledger import Ledger
from cdp.intake import Intake
from cdp.intake_metrics import publish
from cdp.records import receive
from cdp.settings import Settings

STAGE = "ingest_stream"
LOGGED = ("dataset", "received", "accepted", "quarantined", "object_key", "quarantine_key")

logger = Logger(service=STAGE)


class InOrderProcessor(BatchProcessor):
    """Stops at the first failing record: Lambda repeats a shard from there, so what follows would come twice.

    Records stay plain dicts and successes are not kept, which saves a tenth of the time a record takes.
    """

    def process(self) -> list[tuple[Any, ...]]:
        """Handle records until one fails."""
        for record in self.records:
            try:
                self.handler(record)
            except Exception:
                return [self.failure_handler(KinesisStreamRecord(record), sys.exc_info())]
        return []


@logger.inject_lambda_context(log_event=False, clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Store a batch and return the sequence number of its first failed record, if any."""
    settings, stream, intake = Settings.from_environment(), _stream(), Intake(STAGE)

    def record_handler(record: dict[str, Any]) -> None:
        data = record["kinesis"]
        intake.add(
            receive(
                b64decode(data["data"], validate=True),
                source=stream["source"],
                contract_name=stream["default_contract"],
                received_at=_time(data["approximateArrivalTimestamp"]),
                origin=record["eventID"],
                is_self_described=True,
            )
        )

    processor = InOrderProcessor(EventType.KinesisDataStreams, raise_on_entire_batch_failure=False)
    response = process_partial_response(event, record_handler, processor, context)
    if intake.count_records:
        _commit(settings, intake, _name(event["Records"][: intake.count_records]))
    for item, (kind, *_) in zip(response["batchItemFailures"], processor.exceptions, strict=True):
        name = getattr(kind, "__name__", "")
        logger.error("record failed", sequence_number=item["itemIdentifier"], error=name)
    return dict(response)


def _commit(settings: Settings, intake: Intake, name: str) -> None:
    logger.set_correlation_id(name)
    receipts = intake.store(settings, name)
    for receipt in receipts:
        _ledger(settings.table("ledger")).put_receipt(receipt)
        logger.info("batch stored", **{name: getattr(receipt, name) for name in LOGGED})
    publish(settings, receipts, intake.count_extra_fields)


def _name(records: list[dict[str, Any]]) -> str:
    """The batch's identity: shard, first and last sequence number."""
    shard, _, first = records[0]["eventID"].partition(":")
    return f"{shard}-{first}-{records[-1]['kinesis']['sequenceNumber']}"


def _time(seconds: float) -> str:
    second, millisecond = divmod(round(seconds * 1000), 1000)
    return f"{_second(second)}.{millisecond:03d}Z"


@lru_cache(maxsize=1024)
def _second(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S")


@cache
def _stream() -> dict[str, str]:
    platform = json.loads(resources.read_text("terraform/platform.json"))
    return dict(platform["stream"][platform["function"][STAGE]["trigger"]["stream"]])


@cache
def _ledger(table: str) -> Ledger:
    return Ledger(table)
