"""A producer writes euros by their sign; a steward sees it, fixes it by rule, and the next run takes the sale."""

import json
import sys

import pytest

from operations import redrive, replay, triage
from operations.deployed import Deployed
from tests.raw_lines import RECORDS

pytestmark = pytest.mark.slow

GUEST = {"customer_source": None, "customer_id": None, "product_id": "P0001", "currency": "€"}
SALE = RECORDS["transaction"] | GUEST | {"transaction_id": "EURO-1"}
CLICK = RECORDS["clickstream_event"] | {"userId": "S000001"}


@pytest.fixture
def ask(monkeypatch, capfd):
    monkeypatch.setenv("COLUMNS", "300")

    def ask(command, *options):
        monkeypatch.setattr(sys, "argv", ["command", "--env", "local", *options])
        capfd.readouterr()
        return command.main(), capfd.readouterr().out

    return ask


def test_a_record_that_was_fixed_waits_for_the_next_run_once_however_often_it_is_replayed(story, ask, tmp_path):
    story.file_arrives("store/transaction.v1/euro.jsonl", json.dumps(SALE))
    assert "/currency" in ask(triage)[1]
    rule = tmp_path / "euro.json"
    rule.write_text(json.dumps({"name": "euro", "map": {"/currency": {"€": "EUR"}}}))
    for _ in range(2):
        status, printed = ask(replay, "--dataset", "transaction", "--fix", str(rule))
        assert (status, printed.split(".")[0]) == (0, "1 selected: 1 accepted, 0 quarantined again")
    came_back = [r for r in story.ledger.pending_receipts() if r.stage == "replay_quarantine"]
    assert [(r.dataset, r.received, r.accepted) for r in came_back] == [("transaction", 1, 1)]


def test_a_replay_that_cannot_be_done_ends_failed_after_it_was_told(story):
    states = story.cloud.client("stepfunctions")
    machine = story.platform.state_machine["replay"]
    story.alerts()
    started = states.start_execution(stateMachineArn=machine, input=json.dumps({"select": {"datset": "x"}}))
    assert story.run_ends(started["executionArn"])["status"] == "FAILED"
    (alert,) = story.alerts()
    assert alert["Subject"] == "CDP: a replay of quarantine FAILED"
    assert "SelectionError" in alert["Message"]


def test_what_the_stream_s_function_gave_up_on_is_taken_by_a_redrive(story):
    from tests.lambdas.test_ingest_stream import batch

    s3, bucket = story.cloud.client("s3"), story.platform.bucket["quarantine"]
    body = json.dumps({"payload": json.dumps(batch(json.dumps(CLICK).encode()))})
    s3.put_object(Bucket=bucket, Key="aws/lambda/mapping/shard-0/object", Body=body)
    deployed = Deployed("local", "123456789012", "us-east-1")
    assert redrive.redrive_objects(deployed) == (1, 0)
    assert redrive.redrive_objects(deployed) == (0, 0)
    clicks = [r for r in story.ledger.pending_receipts() if r.dataset == "clickstream_event"]
    assert [(r.stage, r.accepted) for r in clicks] == [("ingest_stream", 1)]


def test_a_dead_letter_is_given_to_the_function_and_leaves_the_queue_only_when_it_was_taken(story):
    sqs, pending = story.cloud.client("sqs"), story.ledger.pending_receipts()
    letters = sqs.create_queue(QueueName="cdp-local-ingest_batch-dead_letter")["QueueUrl"]
    for name in ("euro", "not-there"):
        event = {"id": name, "time": "2026-03-02T02:00:00Z"}
        event["detail"] = {"object": {"key": f"landing/store/transaction.v1/{name}.jsonl"}}
        sqs.send_message(QueueUrl=letters, MessageBody=json.dumps(event))
    assert redrive.redrive_letters(Deployed("local", "123456789012", "us-east-1")) == (1, 1)
    counts = sqs.get_queue_attributes(QueueUrl=letters, AttributeNames=["All"])["Attributes"]
    assert int(counts["ApproximateNumberOfMessages"]) + int(counts["ApproximateNumberOfMessagesNotVisible"]) == 1
    # The file of the first letter had been taken before: it counts, and nothing of it comes twice.
    (again,) = [receipt for receipt in story.ledger.pending_receipts() if receipt not in pending]
    assert (again.dataset, again.received, again.accepted, again.duplicate) == ("transaction", 1, 0, 1)
