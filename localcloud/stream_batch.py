"""A batch of stream records ends as taken by the function or as discarded to the on-failure destination, in order.

The rules are those of a Kinesis event source mapping: a batch whose invocation fails is split in two when bisecting
is on (which costs no retry), else retried; a partial answer means "up to the lowest failed sequence number"; what
is older than the greatest age or failed too often is discarded.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from localcloud.lambda_process import Invocation

FIRST_WAIT_S = 0.05
LONGEST_WAIT_S = 2.0


@dataclass(frozen=True)
class StreamRecord:
    """One record of a shard; `data` is base64 text, `arrived_at` seconds since 1970."""

    sequence_number: str
    partition_key: str
    data: str
    arrived_at: float


@dataclass(frozen=True)
class Policy:
    """How an event source mapping treats failures; None = no limit."""

    bisects: bool = False
    reports_failures: bool = False
    most_retries: int | None = None
    greatest_age_s: int | None = None


@dataclass(frozen=True)
class Discarded:
    """Records that were given up, why, and after how many invocations."""

    records: Sequence[StreamRecord]
    condition: str
    attempts: int
    last: Invocation | None


Invoke = Callable[[Sequence[StreamRecord]], Invocation]
Wait = Callable[[float], bool]


def deliver(
    batch: Sequence[StreamRecord],
    policy: Policy,
    invoke: Invoke,
    discard: Callable[[Discarded], None],
    wait: Wait,
    now: Callable[[], datetime],
) -> bool:
    """Bring one batch to its end; False when `wait` said to stop before that (the batch is to be read again)."""
    todo: list[tuple[Sequence[StreamRecord], int, Invocation | None]] = [(batch, 0, None)]
    while todo:
        records, retries, last = todo.pop()
        records = _drop_old(records, policy, discard, retries, last, now)
        if not records:
            continue
        if policy.most_retries is not None and retries > policy.most_retries:
            discard(Discarded(records, "RetryAttemptsExhausted", retries, last))
            continue
        if retries and wait(min(LONGEST_WAIT_S, FIRST_WAIT_S * 2 ** (retries - 1))):
            return False
        invocation = invoke(records)
        failed_from = _failed_from(invocation, records, policy)
        if failed_from is None:
            continue
        if invocation.error and policy.bisects and len(records) > 1:
            half = len(records) // 2
            todo += [(records[half:], retries, invocation), (records[:half], retries, invocation)]
        else:
            todo.append((records[failed_from:], retries if failed_from else retries + 1, invocation))
    return True


def _drop_old(
    records: Sequence[StreamRecord],
    policy: Policy,
    discard: Callable[[Discarded], None],
    retries: int,
    last: Invocation | None,
    now: Callable[[], datetime],
) -> Sequence[StreamRecord]:
    if policy.greatest_age_s is None:
        return records
    oldest = now().timestamp() - policy.greatest_age_s
    old = [record for record in records if record.arrived_at < oldest]
    if old:
        discard(Discarded(old, "RecordAgeExceeded", retries, last))
    return [record for record in records if record.arrived_at >= oldest]


def _failed_from(invocation: Invocation, records: Sequence[StreamRecord], policy: Policy) -> int | None:
    """Position of the first record to deliver again, None when all were taken."""
    if invocation.error:
        return 0
    if not policy.reports_failures:
        return None
    answer: Any = json.loads(invocation.payload)
    failures = answer.get("batchItemFailures") if isinstance(answer, dict) else None
    if not failures:
        return None
    positions = {record.sequence_number: position for position, record in enumerate(records)}
    try:
        return min(positions[failure["itemIdentifier"]] for failure in failures)
    except (KeyError, TypeError):
        return 0  # an identifier that is not of this batch: Lambda treats the whole batch as failed
