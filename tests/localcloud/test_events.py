"""Events reach functions, state machines and topics; objects announce themselves with the cloud's time."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from localcloud.event_input import at_path, render

PRINT = "import json\ndef handler(event, context): print('got', json.dumps(event))"


def rule(sandbox, pattern: dict, target: dict, **settings) -> str:
    events, name = sandbox.client("events"), sandbox.name("rule")
    events.put_rule(Name=name, EventPattern=json.dumps(pattern), **settings)
    events.put_targets(Rule=name, Targets=[{"Id": "1", **target}])
    return name


def got(sandbox, function: str) -> list[dict]:
    sandbox.cloud.control.drained()
    group, logs = f"/aws/lambda/{function.split(':')[-1]}", sandbox.client("logs")
    if not logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"]:
        return []
    messages = [e["message"] for e in logs.filter_log_events(logGroupName=group)["events"]]
    return [json.loads(m.removeprefix("got ")) for m in messages if m.startswith("got ")]


def send(sandbox, source: str, detail: dict) -> None:
    entry = {"Source": source, "DetailType": "Order", "Detail": json.dumps(detail)}
    assert sandbox.client("events").put_events(Entries=[entry])["FailedEntryCount"] == 0


def test_a_landed_object_invokes_the_function_that_waits_for_its_prefix(sandbox):
    bucket, function = sandbox.bucket(announces=True), sandbox.function(PRINT)
    object_created = {"bucket": {"name": [bucket]}, "object": {"key": [{"prefix": "landing/"}]}}
    rule(
        sandbox, {"source": ["aws.s3"], "detail-type": ["Object Created"], "detail": object_created}, {"Arn": function}
    )
    day = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
    try:
        sandbox.cloud.control.set_clock(day)
        for key in ("landing/crm/a b.csv", "records/x", "landing/crm/c.csv"):
            sandbox.client("s3").put_object(Bucket=bucket, Key=key, Body=b"12345")
    finally:
        sandbox.cloud.control.set_clock(datetime.now(UTC))
    events = sorted(got(sandbox, function), key=lambda e: e["detail"]["object"]["key"])
    assert [e["detail"]["object"]["key"] for e in events] == ["landing/crm/a b.csv", "landing/crm/c.csv"]
    assert {(e["time"][:14], e["detail"]["reason"], e["detail"]["object"]["size"]) for e in events} == {
        ("2026-03-02T02:", "PutObject", 5)
    }
    assert len({e["id"] for e in events}) == 2


def test_a_multipart_upload_is_announced_once(sandbox):
    bucket, function = sandbox.bucket(announces=True), sandbox.function(PRINT)
    detail = {"bucket": {"name": [bucket]}}
    rule(sandbox, {"source": ["aws.s3"], "detail-type": ["Object Created"], "detail": detail}, {"Arn": function})
    s3 = sandbox.client("s3")
    upload = s3.create_multipart_upload(Bucket=bucket, Key="big")["UploadId"]
    parts = []
    for number, body in enumerate([b"x" * 5_300_000, b"y"], 1):
        part = s3.upload_part(Bucket=bucket, Key="big", UploadId=upload, PartNumber=number, Body=body)
        parts.append({"ETag": part["ETag"], "PartNumber": number})
    s3.complete_multipart_upload(Bucket=bucket, Key="big", UploadId=upload, MultipartUpload={"Parts": parts})
    (event,) = got(sandbox, function)
    assert (event["detail"]["reason"], event["detail"]["object"]["size"]) == ("CompleteMultipartUpload", 5_300_001)


def test_an_event_starts_a_state_machine_with_the_transformed_input(sandbox):
    machine = sandbox.state_machine({"P": {"Type": "Pass", "End": True}}, "P")
    transformer = {
        "InputPathsMap": {"number": "$.detail.number"},
        "InputTemplate": '{"order": <number>, "text": "order <number>"}',
    }
    rule(sandbox, {"source": ["till"]}, {"Arn": machine, "InputTransformer": transformer})
    send(sandbox, "till", {"number": 7})
    states = sandbox.client("stepfunctions")
    (execution,) = sandbox.wait_for(lambda: states.list_executions(stateMachineArn=machine)["executions"])
    described = states.describe_execution(executionArn=execution["executionArn"])
    assert json.loads(described["input"]) == {"order": 7, "text": "order 7"}


def test_an_event_is_published_to_a_topic_and_arrives_in_its_queue(sandbox):
    sns, sqs = sandbox.client("sns"), sandbox.client("sqs")
    topic, queue = sns.create_topic(Name=sandbox.name("topic"))["TopicArn"], sandbox.name("queue")
    url = sqs.create_queue(QueueName=queue)["QueueUrl"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=f"arn:aws:sqs:us-east-1:123456789012:{queue}")
    rule(sandbox, {"source": ["store"]}, {"Arn": topic, "InputPath": "$.detail"})
    send(sandbox, "store", {"number": 8})
    body = sqs.receive_message(QueueUrl=url)["Messages"][0]["Body"]
    assert json.loads(json.loads(body)["Message"]) == {"number": 8}


def test_a_disabled_rule_and_a_rule_without_a_pattern_stay_silent(sandbox):
    function, events = sandbox.function(PRINT), sandbox.client("events")
    rule(sandbox, {"source": ["phone"]}, {"Arn": function}, State="DISABLED")
    events.put_rule(Name=(name := sandbox.name("tick")), ScheduleExpression="rate(1 day)")
    events.put_targets(Rule=name, Targets=[{"Id": "1", "Arn": function}])
    send(sandbox, "phone", {})
    assert got(sandbox, function) == []


def test_a_target_that_is_not_there_is_an_entry_in_the_journal_and_no_error_for_the_sender(sandbox):
    arn = f"arn:aws:states:us-east-1:123456789012:stateMachine:{sandbox.name('none')}"
    rule(sandbox, {"source": ["market"]}, {"Arn": arn})
    send(sandbox, "market", {})
    (delivery,) = [d for d in sandbox.cloud.control.deliveries() if d["target"] == arn]
    assert "StateMachineDoesNotExist" in delivery["error"]


EVENT = {"source": "till", "detail": {"name": 'Anna "A"', "items": [{"id": 1}], "tags": ["x"]}, "id": "e-1"}


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ({}, EVENT),
        ({"Input": '{"fixed": true}'}, {"fixed": True}),
        ({"InputPath": "$.detail.items[0].id"}, 1),
        ({"InputPath": "$.detail.none.deeper"}, None),
        (
            {
                "InputTransformer": {
                    "InputPathsMap": {"n": "$.detail.name"},
                    "InputTemplate": '{"n": <n>, "t": "is <n>"}',
                }
            },
            {"n": 'Anna "A"', "t": 'is Anna "A"'},
        ),
        (
            {"InputTransformer": {"InputPathsMap": {"t": "$.detail.tags"}, "InputTemplate": '{"t": <t>, "s": "<t>"}'}},
            {"t": ["x"], "s": '["x"]'},
        ),
        ({"InputTransformer": {"InputTemplate": '"<aws.events.rule-name>: <unknown>"'}}, "shop: <unknown>"),
    ],
)
def test_a_target_gets_what_its_input_says(target, expected):
    assert render(target, EVENT, "shop") == expected


def test_a_path_to_the_whole_event_is_the_event():
    assert at_path(EVENT, "$") == EVENT
