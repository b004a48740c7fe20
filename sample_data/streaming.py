"""Puts a day's stream records on a Kinesis stream; what the stream refuses is put again, and nothing else is."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Protocol, TypedDict


class Entry(TypedDict):
    """One record as PutRecords takes it."""

    Data: bytes
    PartitionKey: str


class Result(TypedDict, total=False):
    """What became of one record; with an ErrorCode it was refused."""

    ErrorCode: str


class Answer(TypedDict):
    """What became of a call, in the order of its records."""

    FailedRecordCount: int
    Records: list[Result]


class Kinesis(Protocol):
    """What is needed of boto3's client."""

    def put_records(self, *, StreamName: str, Records: list[Entry]) -> Answer:
        """PutRecords."""


RECORDS_PER_CALL, BYTES_PER_CALL = 500, 5 * 1024 * 1024
MOST_ATTEMPTS = 10
LONGEST_PAUSE_S = 5.0


class StreamError(Exception):
    """The stream would not take records, also after several attempts; the message says which and how many."""


def put(
    kinesis: Kinesis,
    stream: str,
    payloads: Iterable[bytes],
    advance: Callable[[int], None],
    pause: Callable[[float], None] = time.sleep,
) -> int:
    """Put every payload as one record, in calls as large as Kinesis takes; returns their number.

    Records that the stream throttles are put again after a growing pause. Raises StreamError and botocore's errors.
    """
    total = 0
    for entries in calls(payloads):
        _put_all(kinesis, stream, entries, pause)
        total += len(entries)
        advance(len(entries))
    return total


def calls(payloads: Iterable[bytes]) -> Iterator[list[Entry]]:
    """The records of one call each: at most 500 of them and 5 MiB with their keys."""
    entries: list[Entry] = []
    size = 0
    for payload in payloads:
        entry: Entry = {"Data": payload, "PartitionKey": hashlib.md5(payload, usedforsecurity=False).hexdigest()}
        length = len(payload) + len(entry["PartitionKey"])
        if entries and (len(entries) == RECORDS_PER_CALL or size + length > BYTES_PER_CALL):
            yield entries
            entries, size = [], 0
        entries.append(entry)
        size += length
    if entries:
        yield entries


def _put_all(kinesis: Kinesis, stream: str, entries: list[Entry], pause: Callable[[float], None]) -> None:
    for attempt in range(MOST_ATTEMPTS):
        answer = kinesis.put_records(StreamName=stream, Records=entries)
        if not answer["FailedRecordCount"]:
            return
        entries = [entry for entry, result in zip(entries, answer["Records"], strict=True) if "ErrorCode" in result]
        if attempt < MOST_ATTEMPTS - 1:
            pause(min(0.1 * 2**attempt, LONGEST_PAUSE_S))
    raise StreamError(f"stream {stream} refused {len(entries)} records {MOST_ATTEMPTS} times; has it enough shards?")
