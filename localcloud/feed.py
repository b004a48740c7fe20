"""Plays the producers: puts events on the stream and lands files, as the outside world would."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

RECORDS_PER_CALL = 500  # PutRecords takes no more
MOST_ATTEMPTS = 10

Progress = Callable[[int], None]


class FeedError(Exception):
    """The stream would not take records, also after several attempts."""


def put_events(kinesis: Any, stream: str, file: Path, advance: Progress) -> int:
    """Put every line of `file` on the stream as one record; returns their number.

    Records that the stream throttles are put again, as the Kinesis API asks.
    """

    def put(batch: list[bytes]) -> int:
        records = [{"Data": line, "PartitionKey": hashlib.md5(line).hexdigest()} for line in batch]
        for attempt in range(MOST_ATTEMPTS):
            answer = kinesis.put_records(StreamName=stream, Records=records)
            if not answer["FailedRecordCount"]:
                advance(len(batch))
                return len(batch)
            records = [r for r, a in zip(records, answer["Records"], strict=True) if "ErrorCode" in a]
            time.sleep(0.1 * 2**attempt)
        raise FeedError(f"stream {stream} refused {len(records)} records {MOST_ATTEMPTS} times")

    with ThreadPoolExecutor(2) as pool:
        return sum(pool.map(put, _batches(file)))


def land_files(s3: Any, bucket: str, folder: Path, advance: Progress) -> int:
    """Upload everything below `folder` (which holds `landing/…`) to the bucket; returns the number of files."""
    files = sorted(f for f in folder.rglob("*") if f.is_file())
    for file in files:
        s3.upload_file(str(file), bucket, file.relative_to(folder.parent).as_posix())
        advance(1)
    return len(files)


def _batches(file: Path) -> Iterator[list[bytes]]:
    batch: list[bytes] = []
    with file.open("rb") as lines:
        for line in lines:
            batch.append(line.rstrip(b"\n"))
            if len(batch) == RECORDS_PER_CALL:
                yield batch
                batch = []
    if batch:
        yield batch
