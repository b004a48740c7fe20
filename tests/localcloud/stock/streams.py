"""Streams, functions that read them, and queues."""

from __future__ import annotations

import io
import json
import sys
import threading
import time
import zipfile
from typing import Any

from moto.kinesis.models import Shard

from tests.localcloud.stock.probe import DENY_WITHOUT_TLS, REGION, ROLE, client, fault


@fault
def kinesis_put_record_takes_longer_in_a_longer_shard() -> bool:
    shard = Shard(0, 0, 2**128)
    times = []
    for _ in range(2):
        started = time.process_time()
        for _ in range(3000):
            shard.put_record("k", "eA==", "")
        times.append(time.process_time() - started)
    return times[1] > 1.8 * times[0]


@fault
def kinesis_threads_overwrite_each_others_records() -> bool:
    sys.setswitchinterval(1e-6)
    try:
        return any(_records_of_six_threads() < 6000 for _ in range(5))
    finally:
        sys.setswitchinterval(0.005)


def _records_of_six_threads() -> int:
    shard = Shard(0, 0, 2**128)

    def put() -> None:
        for _ in range(1000):
            shard.put_record("k", "eA==", "")

    writers = [threading.Thread(target=put) for _ in range(6)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    return len(shard.records)


@fault
def kinesis_get_records_fails_while_records_are_put() -> bool:
    shard = Shard(0, 0, 2**128)
    for _ in range(3):
        shard.put_record("k", "eA==", "")

    class Putting(type(shard.records)):  # type: ignore[misc]
        def items(self) -> Any:
            for item in super().items():
                yield item
                self[len(self) + 1] = item[1]

    shard.records = Putting(shard.records)
    try:
        shard.get_records("0", 10)
    except RuntimeError:
        return True
    return False


@fault
def lambda_delivers_stream_records_inside_the_producers_request() -> bool:
    client("iam").create_role(RoleName="r", AssumeRolePolicyDocument="{}")
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as package:
        package.writestr("a.py", "def handler(event, context): pass")
    client("lambda").create_function(
        FunctionName="f", Runtime="python3.11", Role=ROLE, Handler="a.handler", Code={"ZipFile": buffer.getvalue()}
    )
    client("kinesis").create_stream(StreamName="s", ShardCount=1)
    arn = f"arn:aws:kinesis:{REGION}:123456789012:stream/s"
    client("lambda").create_event_source_mapping(
        EventSourceArn=arn, FunctionName="f", StartingPosition="LATEST", Enabled=False
    )
    from moto.kinesis.models import kinesis_backends

    stream = kinesis_backends["123456789012"][REGION].streams["s"]
    return bool(stream.lambda_event_source_mappings)


@fault
def lambda_forgets_the_dead_letter_config() -> bool:
    from moto.awslambda.models import lambda_backends

    function = lambda_backends["123456789012"][REGION].get_function("f")
    return not hasattr(function, "dead_letter_config")


@fault
def lambda_does_not_show_the_dead_letter_config() -> bool:
    return "DeadLetterConfig" not in client("lambda").get_function_configuration(FunctionName="f")


@fault
def kinesis_forgets_the_tags_of_a_new_stream() -> bool:
    client("kinesis").create_stream(StreamName="tagged", ShardCount=1, Tags={"a": "b"})
    return client("kinesis").list_tags_for_stream(StreamName="tagged")["Tags"] == []


@fault
def sqs_clears_the_policy_when_another_attribute_is_set() -> bool:
    url = client("sqs").create_queue(QueueName="q", Attributes={"Policy": json.dumps(DENY_WITHOUT_TLS)})["QueueUrl"]
    client("sqs").set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "60"})
    return "Policy" not in client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]


@fault
def lambda_runs_nothing_without_docker() -> bool:
    from moto.awslambda.models import LambdaFunction

    return any("docker" in name for name in LambdaFunction._invoke_lambda.__code__.co_names)
