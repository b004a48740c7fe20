"""One SQS queue, read for one mapping: a message is deleted when the function has taken it, else it comes back."""

from __future__ import annotations

import json
import threading
from typing import Any

from localcloud.deliveries import Deliveries
from localcloud.running import running

POLL_S = 0.1
MOST_MESSAGES = 10  # per ReceiveMessage
COMES_BACK_AFTER_S = 0.2  # AWS waits for the queue's visibility timeout


class QueueSource:
    """Receives, invokes, deletes; redrive to a dead-letter queue is the queue's own doing."""

    def __init__(self, mapping: Any, deliveries: Deliveries) -> None:
        from moto.sqs.models import sqs_backends

        self._mapping = mapping
        self._deliveries = deliveries
        self._name = mapping.event_source_arn.split(":")[-1]
        self._backend = sqs_backends[mapping.account_id][mapping.region]

    def waiting(self) -> int:
        """Messages in the queue, also those a function is at."""
        queue = self._backend.queues.get(self._name)
        return len(queue._messages) if queue else 0

    def run(self, stop: threading.Event, hurry: threading.Event) -> None:
        """Deliver until `stop`, or until the mapping is disabled or deleted."""
        while not stop.is_set() and self._is_enabled():
            failed = self._deliver()
            if failed is None or failed:
                stop.wait(COMES_BACK_AFTER_S if failed else POLL_S)
            for message in failed or []:
                self._backend.change_message_visibility(self._name, message.receipt_handle, 0)

    def _deliver(self) -> list[Any] | None:
        """Messages that were not taken; None when there were none at all."""
        from localcloud.patches.awslambda import function_of

        count = min(MOST_MESSAGES, self._mapping.batch_size)
        queue = self._backend.queues[self._name]
        messages = self._backend.receive_message(self._name, count, 0, int(queue.visibility_timeout))
        if not messages:
            return None
        event = json.dumps({"Records": [self._as_event(message) for message in messages]})
        invocation = running().functions.invoke(function_of(self._mapping.function_arn), event)
        arn = self._mapping.function_arn
        self._deliveries.record(self._mapping.event_source_arn, arn, len(messages), invocation.error)
        failed = {message.id for message in messages} if invocation.error else self._reported(invocation.payload)
        for message in messages:
            if message.id not in failed:
                self._backend.delete_message(self._name, message.receipt_handle)
        return [message for message in messages if message.id in failed]

    def _reported(self, payload: str) -> set[str]:
        answer = json.loads(payload)
        if "ReportBatchItemFailures" not in (self._mapping.function_response_types or []):
            return set()
        failures = answer.get("batchItemFailures") if isinstance(answer, dict) else None
        return {failure["itemIdentifier"] for failure in failures or []}

    def _as_event(self, message: Any) -> dict[str, Any]:
        return {
            "messageId": message.id,
            "receiptHandle": message.receipt_handle,
            "body": message.body,
            "attributes": {
                "ApproximateReceiveCount": str(message.approximate_receive_count),
                "SentTimestamp": str(message.sent_timestamp),
                "SenderId": "AIDALOCAL",
                "ApproximateFirstReceiveTimestamp": str(message.approximate_first_receive_timestamp),
            },
            "messageAttributes": {},
            "md5OfBody": message.body_md5,
            "eventSource": "aws:sqs",
            "eventSourceARN": self._mapping.event_source_arn,
            "awsRegion": self._mapping.region,
        }

    def _is_enabled(self) -> bool:
        from moto.awslambda.models import lambda_backends

        known = lambda_backends[self._mapping.account_id][self._mapping.region]._event_source_mappings
        is_known = self._mapping.uuid in known and self._name in self._backend.queues
        return bool(self._mapping.enabled) and is_known
