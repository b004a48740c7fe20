"""What becomes of a batch when its function fails, without a cloud."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from localcloud.lambda_process import Invocation
from localcloud.stream_batch import Policy, StreamRecord, deliver

NOW = datetime(2026, 3, 1, tzinfo=UTC)


class Consumer:
    """Fails for records whose data is in `poison`; keeps what it saw and what was given up."""

    def __init__(self, *poison: str, reports: bool = False) -> None:
        self.poison, self.reports = poison, reports
        self.seen, self.discarded = [], []

    def __call__(self, records):
        self.seen.append("".join(r.data for r in records))
        bad = [{"itemIdentifier": r.sequence_number} for r in records if r.data in self.poison]
        if self.reports:
            return Invocation("id", json.dumps({"batchItemFailures": bad}), "", "")
        return Invocation("id", "null", "ValueError" if bad else "", "")

    def run(self, data: str, policy: Policy, **options) -> bool:
        batch = [StreamRecord(str(n), "key", d, NOW.timestamp()) for n, d in enumerate(data, 1)]
        defaults = {"wait": lambda s: False, "now": lambda: NOW}
        return deliver(batch, policy, self, self.discarded.append, **defaults | options)

    def lost(self):
        return [("".join(r.data for r in d.records), d.condition, d.attempts) for d in self.discarded]


def test_a_batch_that_is_taken_is_delivered_once():
    consumer = Consumer()
    assert consumer.run("abc", Policy())
    assert consumer.seen == ["abc"]


def test_bisecting_isolates_the_poison_and_costs_no_retry():
    consumer = Consumer("c")
    consumer.run("abcd", Policy(bisects=True, most_retries=1))
    assert consumer.seen == ["abcd", "ab", "cd", "c", "c", "d"]
    assert consumer.lost() == [("c", "RetryAttemptsExhausted", 2)]


def test_without_bisecting_the_whole_batch_is_given_up():
    consumer = Consumer("c")
    consumer.run("abcd", Policy(most_retries=2))
    assert consumer.seen == ["abcd"] * 3
    assert consumer.lost() == [("abcd", "RetryAttemptsExhausted", 3)]


def test_a_partial_answer_goes_on_from_the_lowest_failed_record():
    consumer = Consumer("b", "d", reports=True)
    consumer.run("abcd", Policy(reports_failures=True, most_retries=1))
    assert consumer.seen == ["abcd", "bcd", "bcd"]
    assert consumer.lost() == [("bcd", "RetryAttemptsExhausted", 2)]


def test_a_report_nobody_asked_for_is_ignored():
    consumer = Consumer("b", reports=True)
    consumer.run("abc", Policy(most_retries=1))
    assert (consumer.seen, consumer.lost()) == (["abc"], [])


@pytest.mark.parametrize("identifier", ["999", "", None])
def test_a_report_of_a_record_that_is_not_there_fails_the_whole_batch(identifier):
    seen = []

    def consumer(records):
        seen.append(len(records))
        return Invocation("id", json.dumps({"batchItemFailures": [{"itemIdentifier": identifier}]}), "", "")

    batch = [StreamRecord("1", "k", "a", 0.0), StreamRecord("2", "k", "b", 0.0)]
    policy = Policy(reports_failures=True, most_retries=1)
    deliver(batch, policy, consumer, lambda d: None, lambda s: False, lambda: NOW)
    assert seen == [2, 2]


def test_records_that_are_too_old_are_given_up_without_a_try():
    consumer = Consumer()
    later = datetime(2026, 3, 2, tzinfo=UTC)
    consumer.run("ab", Policy(greatest_age_s=3600), now=lambda: later)
    assert (consumer.seen, consumer.lost()) == ([], [("ab", "RecordAgeExceeded", 0)])


def test_waits_grow_up_to_a_limit():
    waits, consumer = [], Consumer("a")
    consumer.run("a", Policy(most_retries=8), wait=lambda s: waits.append(s))
    assert waits == [0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 2.0, 2.0]


def test_a_stop_while_waiting_leaves_the_batch_to_be_read_again():
    consumer = Consumer("a")
    assert not consumer.run("a", Policy(), wait=lambda s: True)
    assert consumer.lost() == []
