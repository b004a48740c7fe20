"""S3 tells EventBridge about objects with the cloud's time and an id of their own; versioned buckets can be emptied.

Written for moto 5.2.5, where every S3 event has the same id and the real time, `reason` is a notification type
("ObjectCreated:Put", AWS says "PutObject"), a multipart upload is announced twice, a failing rule is swallowed
silently, emptying a bucket that holds a delete marker fails because `FakeDeleteMarker` has no `dispose`, nobody can
read back that a bucket tells EventBridge, listing versions while another request deletes one fails, and every request
to a bucket that logs its access makes an object: a day of data leaves tens of thousands.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator
from typing import Any

from moto.s3 import models, notifications
from moto.s3.responses import S3Response
from moto.s3.utils import _VersionedKeyStore

from localcloud.patches.version import moto_patch
from localcloud.running import running

LINES_OF_A_LOG = 1000
PUT = "s3:ObjectCreated:Put"
REASONS = {
    PUT: "PutObject",
    "s3:ObjectCreated:Post": "POST Object",
    "s3:ObjectCreated:Copy": "CopyObject",
    "s3:ObjectCreated:CompleteMultipartUpload": "CompleteMultipartUpload",
    "s3:ObjectRemoved:Delete": "DeleteObject",
}


@moto_patch
def apply() -> None:
    """Give delete markers a `dispose`, list what is there, and replace the way of an object event to EventBridge."""
    models.FakeDeleteMarker.dispose = lambda self, garbage=False: None
    _VersionedKeyStore.iterlists = _VersionedKeyStore.lists = _keys_that_are_there
    notifications._send_event_bridge_message = _send_event
    _show_event_bridge()
    _gather_logs()


def _keys_that_are_there(self: Any) -> Iterator[tuple[str, list[Any]]]:
    for key in list(self):
        if versions := self.getlist(key):
            yield key, versions


def _send_event(account_id: str, bucket: Any, event_name: str, key: Any) -> None:
    from moto.events.models import events_backends

    name = str(getattr(event_name, "value", event_name))
    if name == PUT and key.multipart is not None:
        return  # the completion of the upload announces it
    event = {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": notifications._detail_type(name),
        "source": "aws.s3",
        "account": account_id,
        "time": running().clock.now().timestamp(),
        "region": bucket.region_name,
        "resources": [bucket.arn],
        "detail": {
            "version": "0",
            "bucket": {"name": bucket.name},
            "object": _object_of(key),
            "request-id": uuid.uuid4().hex[:16].upper(),
            "requester": account_id,
            "reason": REASONS.get(name, name.split(":", 1)[-1]),
        },
    }
    for bus in list(events_backends[account_id][bucket.region_name].event_buses.values()):
        for rule in list(bus.rules.values()):
            rule.send_to_targets(event, transform_input=False)


def _show_event_bridge() -> None:
    upstream = S3Response.serialized

    def serialized(self: Any, result: Any) -> Any:
        asked = self.data.get("Action") == "GetBucketNotificationConfiguration" and isinstance(
            getattr(result, "result", None), dict
        )
        told = self.backend.get_bucket_notification_configuration(self.bucket_name) if asked else None
        if told is not None and told.event_bridge is not None:
            result.result["EventBridgeConfiguration"] = {}
        return upstream(self, result)

    S3Response.serialized = serialized


class _Logs:
    """Takes the place of the backend that writes an object for every line: here for a thousand, as late as S3 may."""

    def __init__(self, backend: Any, lines: list[str], guard: threading.Lock) -> None:
        self.get_bucket = backend.get_bucket
        self._put_object, self._lines, self._guard = backend.put_object, lines, guard

    def put_object(self, bucket: str, key: str, value: str) -> None:
        with self._guard:
            self._lines.append(value)
            full = self._lines[:] if len(self._lines) == LINES_OF_A_LOG else []
            if full:
                self._lines.clear()
        if full:
            self._put_object(bucket, key, value="\n".join(full))


def _gather_logs() -> None:
    upstream, guard = models.S3Backend.log_incoming_request, threading.Lock()
    lines_of: dict[str, list[str]] = {}  # by the bucket that is asked: each has a prefix of its own

    def log_incoming_request(self: Any, request: Any, bucket_name: str) -> None:
        upstream(_Logs(self, lines_of.setdefault(bucket_name, []), guard), request, bucket_name)

    models.S3Backend.log_incoming_request = log_incoming_request


def _object_of(key: Any) -> dict[str, Any]:
    described: dict[str, Any] = {"key": key.name, "sequencer": f"{uuid.uuid1().time:016X}"}
    if isinstance(key, models.FakeKey):
        described |= {"size": key.size, "etag": key.etag.strip('"')}
    if key.version_id not in (None, "null"):
        described["version-id"] = key.version_id
    return described
