"""Streams and queues reach functions as event source mappings promise."""

from __future__ import annotations

import base64
import json
import threading
import time
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

# Writes each batch to S3 under its first sequence number; a record "poison" fails the whole batch.
CONSUMER = """
import base64, json, os, boto3
s3 = boto3.client("s3")
def handler(event, context):
    values = [base64.b64decode(r["kinesis"]["data"]).decode() for r in event["Records"]]
    print(len(values), "records")
    if "poison" in values:
        raise ValueError("poison")
    first = event["Records"][0]
    shard, number = first["eventID"].split(":")
    s3.put_object(Bucket=os.environ["BUCKET"], Key=f"{shard}/{int(number):06}", Body=json.dumps(values))
"""


def mapping(sandbox, source: str, function: str, **settings):
    defaults = {} if ":sqs:" in source else {"StartingPosition": "TRIM_HORIZON"}
    created = sandbox.client("lambda").create_event_source_mapping(
        EventSourceArn=source, FunctionName=function, **defaults | settings
    )
    return created["UUID"]


def stored(sandbox, bucket: str) -> list[str]:
    return [value for text in sandbox.objects(bucket).values() for value in json.loads(text)]


@pytest.fixture
def pipe(sandbox):
    """(stream, stream ARN, function ARN, bucket it writes to)"""
    bucket = sandbox.bucket()
    return *sandbox.stream(), sandbox.function(CONSUMER, {"BUCKET": bucket}), bucket


def test_a_poison_record_is_isolated_and_kept_whole_in_s3(sandbox, pipe):
    stream, arn, function, bucket = pipe
    failed = sandbox.bucket()
    values = [f"v{n}" for n in range(600)]
    values[333] = "poison"
    sandbox.put(stream, values)
    uuid = mapping(
        sandbox, arn, function, BatchSize=250, MaximumRetryAttempts=1, BisectBatchOnFunctionError=True,
        DestinationConfig={"OnFailure": {"Destination": f"arn:aws:s3:::{failed}"}},
    )  # fmt: skip
    sandbox.cloud.control.drained()
    assert Counter(stored(sandbox, bucket)) == Counter(v for v in values if v != "poison")
    ((key, text),) = sandbox.objects(failed).items()
    record = json.loads(text)
    assert key.startswith(f"aws/lambda/{uuid}/shardId-000000000000/20")
    assert record["requestContext"] | {"requestId": ""} == {
        "requestId": "",
        "functionArn": function,
        "condition": "RetryAttemptsExhausted",
        "approximateInvokeCount": 2,
    }
    assert record["KinesisBatchInfo"]["batchSize"] == 1
    assert record["KinesisBatchInfo"]["startSequenceNumber"] == "334"
    (whole,) = record["payload"]["Records"]
    assert base64.b64decode(whole["kinesis"]["data"]) == b"poison"


def test_a_partial_answer_retries_from_the_lowest_failed_record(sandbox):
    code = """
    tried = []
    def handler(event, context):
        numbers = [r["kinesis"]["sequenceNumber"] for r in event["Records"]]
        tried.append(numbers[0])
        print("from", numbers[0], "to", numbers[-1])
        fails = [n for n in numbers if n in ("4", "7")] if len(tried) < 3 else []
        return {"batchItemFailures": [{"itemIdentifier": n} for n in fails]}
    """
    stream, arn = sandbox.stream()
    function = sandbox.function(code)
    sandbox.put(stream, [f"v{n}" for n in range(10)])
    mapping(sandbox, arn, function, FunctionResponseTypes=["ReportBatchItemFailures"], BatchSize=10)
    sandbox.cloud.control.drained()
    assert [line for line in log(sandbox, function) if line.startswith("from")] == [
        "from 1 to 10", "from 4 to 10", "from 4 to 10",
    ]  # fmt: skip


def test_records_of_a_shard_arrive_in_order_and_shards_side_by_side(sandbox):
    bucket = sandbox.bucket()
    stream, arn = sandbox.stream(shards=2)
    function = sandbox.function(CONSUMER, {"BUCKET": bucket})
    mapping(sandbox, arn, function, BatchSize=100)
    sandbox.put(stream, [f"v{n:05}" for n in range(3000)])
    sandbox.cloud.control.drained()
    shards: dict[str, list[str]] = {}
    for key, text in sorted(sandbox.objects(bucket).items()):
        shards.setdefault(key.split("/")[0], []).extend(json.loads(text))
    assert len(shards) == 2
    assert all(values == sorted(values) for values in shards.values())
    assert sum(map(len, shards.values())) == 3000


def test_two_mappings_of_a_stream_both_get_every_record(sandbox, pipe):
    stream, arn, function, bucket = pipe
    other = sandbox.bucket()
    mapping(sandbox, arn, function)
    mapping(sandbox, arn, sandbox.function(CONSUMER, {"BUCKET": other}))
    sandbox.put(stream, ["a", "b"])
    sandbox.cloud.control.drained()
    assert stored(sandbox, bucket) == stored(sandbox, other) == ["a", "b"]


def test_a_batching_window_collects_records_until_it_ends(sandbox, pipe):
    stream, arn, function, bucket = pipe
    mapping(sandbox, arn, function, MaximumBatchingWindowInSeconds=2, BatchSize=100)
    sandbox.put(stream, ["a"])
    time.sleep(0.5)
    sandbox.put(stream, ["b"])
    sandbox.wait_for(lambda: sandbox.objects(bucket))
    assert [json.loads(text) for text in sandbox.objects(bucket).values()] == [["a", "b"]]


def test_a_disabled_mapping_delivers_nothing_and_goes_on_where_it_stood(sandbox, pipe):
    stream, arn, function, bucket = pipe
    functions = sandbox.client("lambda")
    uuid = mapping(sandbox, arn, function)
    sandbox.put(stream, ["a"])
    sandbox.cloud.control.drained()
    functions.update_event_source_mapping(UUID=uuid, Enabled=False)
    sandbox.put(stream, ["b"])
    time.sleep(0.4)
    assert stored(sandbox, bucket) == ["a"]
    functions.update_event_source_mapping(UUID=uuid, Enabled=True)
    sandbox.cloud.control.drained()
    assert stored(sandbox, bucket) == ["a", "b"]


def test_a_deleted_mapping_delivers_nothing(sandbox, pipe):
    stream, arn, function, bucket = pipe
    uuid = mapping(sandbox, arn, function)
    sandbox.client("lambda").delete_event_source_mapping(UUID=uuid)
    sandbox.put(stream, ["a"])
    time.sleep(0.4)
    assert stored(sandbox, bucket) == []


def test_a_mapping_from_latest_skips_what_was_there(sandbox, pipe):
    stream, arn, function, bucket = pipe
    sandbox.put(stream, ["old"])
    mapping(sandbox, arn, function, StartingPosition="LATEST")
    time.sleep(0.4)
    sandbox.put(stream, ["new"])
    sandbox.cloud.control.drained()
    assert stored(sandbox, bucket) == ["new"]


def test_a_batch_is_never_larger_than_a_function_takes(sandbox):
    stream, arn = sandbox.stream()
    function = sandbox.function("def handler(event, context): print(len(event['Records']), 'records')")
    for letter in "abcdef":
        data = letter.encode() * 1_000_000
        sandbox.client("kinesis").put_record(StreamName=stream, Data=data, PartitionKey="k")
    mapping(sandbox, arn, function, BatchSize=100)
    sandbox.cloud.control.drained()
    assert [line for line in log(sandbox, function) if "records" in line] == ["4 records", "2 records"]


def test_records_carry_the_clouds_arrival_time(sandbox):
    code = "def handler(event, context): print('at', event['Records'][0]['kinesis']['approximateArrivalTimestamp'])"
    stream, arn = sandbox.stream()
    function = sandbox.function(code)
    mapping(sandbox, arn, function)
    day = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
    try:
        sandbox.cloud.control.set_clock(day)
        sandbox.put(stream, ["a"])
        sandbox.cloud.control.drained()
    finally:
        sandbox.cloud.control.set_clock(datetime.now(UTC))
    (line,) = [line for line in log(sandbox, function) if line.startswith("at")]
    arrived = datetime.fromtimestamp(float(line.split()[1]), UTC)
    assert timedelta(0) <= arrived - day < timedelta(seconds=20)


def test_put_records_of_six_threads_lose_nothing(sandbox):
    stream, _ = sandbox.stream()

    def produce(writer: int) -> None:
        for part in range(4):
            sandbox.put(stream, [f"{writer}-{part}-{n}" for n in range(500)])

    writers = [threading.Thread(target=produce, args=(n,)) for n in range(6)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    kinesis, found = sandbox.client("kinesis"), set()
    iterator = kinesis.get_shard_iterator(
        StreamName=stream, ShardId="shardId-000000000000", ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    while records := (answer := kinesis.get_records(ShardIterator=iterator))["Records"]:
        found |= {record["Data"] for record in records}
        iterator = answer["NextShardIterator"]
    assert len(found) == 12_000


def test_queue_messages_are_deleted_when_taken_and_go_to_the_dead_letter_queue_when_not(sandbox):
    sqs = sandbox.client("sqs")
    dead = sqs.create_queue(QueueName=sandbox.name("dead"))["QueueUrl"]
    redrive = {"deadLetterTargetArn": queue_arn(dead), "maxReceiveCount": 2}
    queue = sqs.create_queue(QueueName=sandbox.name("queue"), Attributes={"RedrivePolicy": json.dumps(redrive)})
    code = """
    def handler(event, context):
        bad = [r["messageId"] for r in event["Records"] if r["body"] == "poison"]
        return {"batchItemFailures": [{"itemIdentifier": i} for i in bad]}
    """
    function = sandbox.function(code)
    mapping(sandbox, queue_arn(queue["QueueUrl"]), function, FunctionResponseTypes=["ReportBatchItemFailures"])
    for body in ("good", "poison", "fine"):
        sqs.send_message(QueueUrl=queue["QueueUrl"], MessageBody=body)
    sandbox.cloud.control.drained()
    assert [m["Body"] for m in sqs.receive_message(QueueUrl=dead)["Messages"]] == ["poison"]


def test_waiting_for_a_stream_that_is_stuck_says_what_is_left(sandbox):
    stream, arn = sandbox.stream()
    uuid = mapping(sandbox, arn, sandbox.function("def handler(event, context): raise ValueError('always')"))
    sandbox.put(stream, ["a", "b"])
    with pytest.raises(Exception, match="'records': 2"):
        sandbox.cloud.control.drained(timeout_s=0.5)
    sandbox.client("lambda").delete_event_source_mapping(UUID=uuid)
    errors = [d for d in sandbox.cloud.control.deliveries() if d["source"].startswith(arn)]
    assert {d["error"] for d in errors} == {"ValueError"}


def log(sandbox, function: str) -> list[str]:
    group = f"/aws/lambda/{function.split(':')[-1]}"
    events = sandbox.client("logs").filter_log_events(logGroupName=group)["events"]
    return [event["message"] for event in events]


def queue_arn(url: str) -> str:
    return f"arn:aws:sqs:us-east-1:123456789012:{url.split('/')[-1]}"
