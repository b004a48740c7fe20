"""Kinesis keeps every record under concurrent writers, in constant time, with the cloud's arrival time.

Written for moto 5.2.5, where `Shard.put_record` lists all records to find the last sequence number and lets two
threads take the same one (records are overwritten, silently), and `Shard.get_records` walks the whole shard for
every call and fails when a record is put meanwhile. CreateStream forgets tags. Two thirds of the time of PutRecords
went into moto's shape-by-shape serialisation of an answer that is plain JSON.
"""

from __future__ import annotations

import json
import threading
from datetime import datetime
from typing import Any

from moto.core.responses import ActionResult
from moto.kinesis import models
from moto.kinesis.responses import KinesisResponse

from localcloud.patches.version import moto_patch
from localcloud.running import running

JSON = "application/x-amz-json-1.1"
MOST_RECORDS = 10_000  # GetRecords returns no more

_lock = threading.Lock()


@moto_patch
def apply() -> None:
    """Replace how a shard stores and reads records, and how PutRecords answers."""
    KinesisResponse.put_records = _put_records
    models.utcnow = _now
    _keep_tags()
    models.Shard.put_record = _put_record
    models.Shard.get_records = _get_records
    models.Shard.get_max_sequence_number = newest_sequence_number
    models.Shard.get_min_sequence_number = lambda self: next(iter(self.records), 0)


def newest_sequence_number(shard: Any) -> int:
    """Sequence number of a shard's newest record, 0 when it has none; numbers start at 1 without gaps."""
    return next(reversed(shard.records), 0)


def records_after(shard: Any, sequence_number: int, limit: int) -> list[Any]:
    """Up to `limit` records of a shard that follow `sequence_number`, in order."""
    with _lock:
        last = min(newest_sequence_number(shard), sequence_number + limit)
        return [shard.records[number] for number in range(sequence_number + 1, last + 1)]


def _keep_tags() -> None:
    upstream = KinesisResponse.create_stream

    def create_stream(self: Any) -> Any:
        answer = upstream(self)
        if tags := self._get_param("Tags"):
            name = self._get_param("StreamName")
            self.kinesis_backend.add_tags_to_stream(stream_arn=None, stream_name=name, tags=tags)
        return answer

    KinesisResponse.create_stream = create_stream


def _now() -> datetime:
    return running().clock.now().replace(tzinfo=None)


def _put_records(self: Any) -> str | ActionResult:
    stream = self._get_param("StreamARN"), self._get_param("StreamName")
    answer = self.kinesis_backend.put_records(*stream, self._get_param("Records"))
    return json.dumps(answer) if self.headers.get("Content-Type") == JSON else ActionResult(answer)


def _put_record(self: Any, partition_key: str, data: str, explicit_hash_key: str) -> str:
    with _lock:
        number = newest_sequence_number(self) + 1
        self.records[number] = models.Record(partition_key, data, number, explicit_hash_key)
    return str(number)


def _get_records(self: Any, last_sequence_id: str, limit: int | None) -> tuple[list[Any], int, int]:
    last = int(last_sequence_id)
    records = records_after(self, last, min(limit or MOST_RECORDS, MOST_RECORDS))
    if not records:
        return [], last, 0
    newest = self.records[newest_sequence_number(self)]
    behind_ms = int((newest.created_at - records[-1].created_at) * 1000)
    return records, records[-1].sequence_number, behind_ms
