"""One shard of a Kinesis stream, read for one mapping: every record is delivered in order, at least once."""

from __future__ import annotations

import json
import threading
import time
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from localcloud.clock import Clock
from localcloud.deliveries import Deliveries
from localcloud.lambda_process import Invocation
from localcloud.on_behalf import authorise_failed_batch, authorise_stream
from localcloud.patches.kinesis import newest_sequence_number, records_after
from localcloud.permissions import NotAuthorizedError
from localcloud.running import running
from localcloud.stream_batch import Discarded, Policy, StreamRecord, deliver
from localcloud.targets import put_object

POLL_S = 0.05
REFUSED_S = 1.0  # how soon to ask again for a stream that the function's role may not read
LARGEST_PAYLOAD = 6_000_000  # bytes; a function takes no more at once
PER_RECORD = 400  # bytes of an event around a record's data


class ShardSource:
    """The position of a mapping in a shard, and what moves it on."""

    def __init__(self, mapping: Any, shard: Any, clock: Clock, deliveries: Deliveries) -> None:
        self._mapping = mapping
        self._shard = shard
        self._clock = clock
        self._deliveries = deliveries
        self._position = self._start()
        self._function = mapping.function_arn.split(":")[6]
        self._stop = threading.Event()

    @staticmethod
    def shards_of(mapping: Any) -> list[Any]:
        """The shards of a mapping's stream, none when it is gone."""
        from moto.kinesis.models import kinesis_backends

        backend = kinesis_backends[mapping.account_id][mapping.region]
        stream = backend.streams.get(mapping.event_source_arn.split("/")[-1])
        return list(stream.shards.values()) if stream else []

    def waiting(self) -> int:
        """Number of records that no batch has been finished with."""
        return int(newest_sequence_number(self._shard)) - self._position

    def run(self, stop: threading.Event, hurry: threading.Event) -> None:
        """Deliver until `stop`, or until the mapping is disabled or deleted."""
        self._stop = stop
        first_seen: float | None = None
        while not stop.is_set() and self._is_enabled():
            if not self.waiting():
                first_seen = None
                stop.wait(POLL_S)
                continue
            first_seen = first_seen or time.monotonic()
            window_s = 0 if hurry.is_set() else self._mapping.max_batch_window or 0
            is_full = self.waiting() >= self._mapping.batch_size
            if not is_full and time.monotonic() - first_seen < window_s:
                stop.wait(POLL_S)
                continue
            if not self._may_read():
                stop.wait(REFUSED_S)
                continue
            batch = self._batch()
            if deliver(batch, self._policy(), self._invoke, self._discard, self._wait, self._clock.now):
                self._position += len(batch)
            first_seen = None

    def _may_read(self) -> bool:
        from localcloud.patches.awslambda import function_of

        try:
            authorise_stream(function_of(self._mapping.function_arn).role, self._mapping.event_source_arn)
        except NotAuthorizedError as error:
            source = f"{self._mapping.event_source_arn}/{self._shard.shard_id}"
            running().targets.refused(self._mapping.function_arn, source, error)
            return False
        return True

    def _batch(self) -> list[StreamRecord]:
        batch: list[StreamRecord] = []
        size = 0
        for record in records_after(self._shard, self._position, self._mapping.batch_size):
            size += len(record.data) + PER_RECORD
            if batch and size > LARGEST_PAYLOAD:
                break
            number = str(record.sequence_number)
            batch.append(StreamRecord(number, record.partition_key, record.data, record.created_at))
        return batch

    def _invoke(self, records: Sequence[StreamRecord]) -> Invocation:
        from localcloud.patches.awslambda import function_of

        event = json.dumps({"Records": [self._as_event(record) for record in records]})
        invocation = running().functions.invoke(function_of(self._mapping.function_arn), event)
        source = f"{self._mapping.event_source_arn}/{self._shard.shard_id}"
        self._deliveries.record(source, self._mapping.function_arn, len(records), invocation.error)
        return invocation

    def _as_event(self, record: StreamRecord) -> dict[str, Any]:
        return {
            "kinesis": {
                "kinesisSchemaVersion": "1.0",
                "partitionKey": record.partition_key,
                "sequenceNumber": record.sequence_number,
                "data": record.data,
                "approximateArrivalTimestamp": round(record.arrived_at, 3),
            },
            "eventSource": "aws:kinesis",
            "eventVersion": "1.0",
            "eventID": f"{self._shard.shard_id}:{record.sequence_number}",
            "eventName": "aws:kinesis:record",
            "invokeIdentityArn": "arn:aws:iam::123456789012:role/local",
            "awsRegion": self._mapping.region,
            "eventSourceARN": self._mapping.event_source_arn,
        }

    def _discard(self, discarded: Discarded) -> None:
        from localcloud.patches.awslambda import function_of

        arn = ((self._mapping.destination_config or {}).get("OnFailure") or {}).get("Destination")
        source = f"failed/{self._function}"
        if not arn:
            self._deliveries.record(source, "nowhere", len(discarded.records), f"{discarded.condition}: records lost")
            return
        now = self._clock.now()
        record = self._failure_record(discarded, now)
        if arn.split(":")[2] != "s3":
            running().targets.send(arn, json.dumps(record), source)
            return
        record["payload"] = {"Records": [self._as_event(r) for r in discarded.records]}
        key = f"aws/lambda/{self._mapping.uuid}/{self._shard.shard_id}/{now:%Y/%m/%d/%Y-%m-%dT%H.%M.%S}-{uuid.uuid4()}"
        try:
            authorise_failed_batch(function_of(self._mapping.function_arn).role, arn.split(":")[5], key)
        except NotAuthorizedError as error:
            running().targets.refused(arn, source, error)
            return
        put_object(self._mapping.account_id, arn.split(":")[5], key, json.dumps(record))
        self._deliveries.record(source, f"{arn}/{key}", len(discarded.records))

    def _failure_record(self, discarded: Discarded, now: datetime) -> dict[str, Any]:
        first, last = discarded.records[0], discarded.records[-1]
        record: dict[str, Any] = {
            "requestContext": {
                "requestId": discarded.last.request_id if discarded.last else str(uuid.uuid4()),
                "functionArn": self._mapping.function_arn,
                "condition": discarded.condition,
                "approximateInvokeCount": discarded.attempts,
            },
            "version": "1.0",
            "timestamp": _iso(now.timestamp()),
            "KinesisBatchInfo": {
                "shardId": self._shard.shard_id,
                "startSequenceNumber": first.sequence_number,
                "endSequenceNumber": last.sequence_number,
                "approximateArrivalOfFirstRecord": _iso(first.arrived_at),
                "approximateArrivalOfLastRecord": _iso(last.arrived_at),
                "batchSize": len(discarded.records),
                "streamArn": self._mapping.event_source_arn,
            },
        }
        if discarded.last:
            response = {"statusCode": 200, "executedVersion": "$LATEST"}
            record["responseContext"] = response | ({"functionError": "Unhandled"} if discarded.last.error else {})
        return record

    def _policy(self) -> Policy:
        mapping = self._mapping
        return Policy(
            bisects=bool(mapping.bisect_on_error),
            reports_failures="ReportBatchItemFailures" in (mapping.function_response_types or []),
            most_retries=_limit(mapping.max_retry_attempts),
            greatest_age_s=_limit(mapping.max_record_age),
        )

    def _wait(self, seconds: float) -> bool:
        return self._stop.wait(seconds) or not self._is_enabled()

    def _is_enabled(self) -> bool:
        from moto.awslambda.models import lambda_backends

        known = lambda_backends[self._mapping.account_id][self._mapping.region]._event_source_mappings
        return bool(self._mapping.enabled) and self._mapping.uuid in known

    def _start(self) -> int:
        newest = int(newest_sequence_number(self._shard))
        if self._mapping.starting_position == "LATEST":
            return newest
        if self._mapping.starting_position == "AT_TIMESTAMP":
            since = float(self._mapping.starting_position_timestamp)
            records = records_after(self._shard, 0, newest)
            return next((r.sequence_number - 1 for r in records if r.created_at >= since), newest)
        return 0


def _limit(value: int | None) -> int | None:
    return None if value in (None, -1) else value


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
