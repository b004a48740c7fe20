"""Whatever an event, a schedule or a failed invocation is sent to: function, state machine, topic, queue, bucket."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass

from localcloud.deliveries import Deliveries


class UnsupportedTargetError(Exception):
    """An ARN of a service that this cloud does not deliver to."""


@dataclass(frozen=True)
class Arn:
    """An ARN's parts: `arn:partition:service:region:account:resource`."""

    text: str
    service: str
    region: str
    account: str
    resource: str

    @classmethod
    def parse(cls, text: str) -> Arn:
        """Split an ARN; raises UnsupportedTargetError when it is none."""
        parts = text.split(":", 5)
        if len(parts) != 6 or parts[0] != "arn":
            raise UnsupportedTargetError(f"{text!r} is not an ARN")
        return cls(text, parts[2], parts[3], parts[4], parts[5])


class Targets:
    """Sends JSON text to ARNs. Functions are invoked asynchronously, with retries, by `invoke_async`."""

    def __init__(self, deliveries: Deliveries, invoke_async: Callable[[str, str, str], None]) -> None:
        self._deliveries = deliveries
        self._invoke_async = invoke_async

    def send(self, arn: str, text: str, source: str) -> str:
        """Hand `text` to the target now; returns the execution's ARN for a state machine, else "".

        A failure is kept in the journal under `source`; the sender never sees it, as on AWS.
        """
        target = Arn.parse(arn)
        if target.service == "lambda":
            self._invoke_async(arn, text, source)  # it keeps its own journal, when it has ended
            return ""
        try:
            answer = self._send(target, text)
        except Exception as error:
            self._deliveries.record(source, arn, 1, f"{type(error).__name__}: {error}")
            return ""
        self._deliveries.record(source, arn, 1)
        return answer

    def refused(self, arn: str, source: str, error: Exception) -> None:
        """Keep in the journal that nothing was sent, and why."""
        self._deliveries.record(source, arn, 1, f"{type(error).__name__}: {error}")

    def _send(self, target: Arn, text: str) -> str:
        if target.service == "states":
            from moto.stepfunctions.responses import get_backend

            backend = get_backend(target.account, target.region)
            started = backend.start_execution(target.text, str(uuid.uuid4()), text)
            return str(started.execution_arn)
        if target.service == "sns":
            from moto.sns.models import sns_backends

            sns_backends[target.account][target.region].publish(message=text, arn=target.text)
            return ""
        if target.service == "sqs":
            from moto.sqs.models import sqs_backends

            sqs_backends[target.account][target.region].send_message(target.resource, text)
            return ""
        raise UnsupportedTargetError(f"{target.text}: localcloud/targets.py does not deliver to {target.service}")


def put_object(account: str, bucket: str, key: str, text: str) -> None:
    """Write an object on a service's behalf (it is announced like any other)."""
    from moto.s3.models import s3_backends

    s3_backends[account]["aws"].put_object(bucket, key, text.encode())
