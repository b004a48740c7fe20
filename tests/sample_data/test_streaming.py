"""Every record is put on the stream once, whatever the stream refuses at first."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import boto3
import pytest

from sample_data.streaming import BYTES_PER_CALL, MOST_ATTEMPTS, StreamError, calls, put

ROOT = Path(__file__).resolve().parents[2]


class Throttled:
    """A stream that refuses every third record of a call for so many calls."""

    def __init__(self, refusals: int) -> None:
        self.refusals, self.taken = refusals, []

    def put_records(self, *, StreamName: str, Records: list[Any]) -> Any:
        results: list[dict[str, str]] = []
        for place, entry in enumerate(Records):
            if self.refusals > 0 and place % 3 == 0:
                results.append({"ErrorCode": "ProvisionedThroughputExceededException"})
            else:
                results.append({})
                self.taken.append(entry["Data"])
        self.refusals -= 1
        return {"FailedRecordCount": sum("ErrorCode" in result for result in results), "Records": results}


def test_refused_records_are_put_again_and_no_other() -> None:
    stream, pauses = Throttled(3), []
    payloads = [b"%d" % number for number in range(1_201)]
    assert put(stream, "event", payloads, lambda n: None, pauses.append) == 1_201
    assert sorted(stream.taken) == sorted(payloads)
    assert pauses == [0.1, 0.2, 0.4]


def test_a_stream_that_goes_on_refusing_is_an_error_that_says_how_many() -> None:
    with pytest.raises(StreamError, match="event refused 1 records"):
        put(Throttled(MOST_ATTEMPTS), "event", [b"1"], lambda n: None, lambda seconds: None)


def test_a_call_holds_at_most_what_kinesis_takes() -> None:
    sizes = [(len(call), sum(len(e["Data"]) for e in call)) for call in calls([b"x" * 1_000_000] * 12 + [b"y"] * 1_100)]
    assert all(count <= 500 and size <= BYTES_PER_CALL for count, size in sizes)
    assert sum(count for count, _ in sizes) == 1_112


@pytest.mark.slow
def test_the_command_puts_the_days_events_on_the_stream(aws: Any, tmp_path: Path) -> None:
    kinesis = boto3.client("kinesis")
    kinesis.create_stream(StreamName="clicks", ShardCount=1)
    said = to_stream("clicks", tmp_path)
    assert (said.returncode, said.stdout.splitlines()[-1]) == (0, "stream clicks: 700 records")
    (shard,) = kinesis.list_shards(StreamName="clicks")["Shards"]
    iterator = kinesis.get_shard_iterator(
        StreamName="clicks", ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    found = [record["Data"] for record in kinesis.get_records(ShardIterator=iterator, Limit=10_000)["Records"]]
    assert found == (tmp_path / "day=1/stream/events.jsonl").read_bytes().split(b"\n")[:-1]


@pytest.mark.slow
def test_a_stream_that_does_not_exist_is_an_error_of_one_line(aws: Any, tmp_path: Path) -> None:
    said = to_stream("nowhere", tmp_path)
    (line,) = said.stderr.strip().splitlines()
    assert (said.returncode, "ResourceNotFoundException" in line, "nowhere" in line) == (1, True, True)


def to_stream(name: str, out: Path) -> subprocess.CompletedProcess[str]:
    sizes = ["--customers", "20", "--products", "3", "--transactions", "50", "--events", "700"]
    command = [sys.executable, "-m", "sample_data", "--out", str(out), "--day", "1", *sizes, "--to-stream", name]
    return subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True, timeout=120)
