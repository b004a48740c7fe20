"""Stewards see what lies in quarantine and what came of it, without a payload."""

import json
import sys
from dataclasses import replace

import boto3
import pytest

from cdp.aws.ledger import Ledger
from lambdas import ingest_stream
from operations import backfill as backfill_command
from operations import history, redrive, triage
from operations import replay as replay_command
from operations.backfill import backfill
from operations.deployed import Deployed, OperationError
from tests.lambdas.ingestion import CONTEXT, committed, keys, receipts, stored
from tests.lambdas.test_replay_quarantine import EURO, arrive, replay, sale

DEPLOYED = Deployed("test", "123456789012", "us-east-1")


@pytest.fixture
def ask(cloud, monkeypatch, capsys):
    """Run one of the commands; its exit status and what it printed."""
    monkeypatch.setenv("COLUMNS", "80")

    def ask(command, *options):
        monkeypatch.setattr(sys, "argv", ["command", "--env", "test", *options])
        capsys.readouterr()
        return command.main(), capsys.readouterr().out

    return ask


def test_reasons_and_sources_are_counted_with_what_was_replayed_and_no_payload(cloud, ask):
    arrive(cloud, sale(1), sale(2), sale(3, quantity=0, currency="EUR"))
    replay({"reason": "pattern", "record_ids": [stored(cloud, "quarantine")[0]["record_id"]]}, EURO)
    status, printed = ask(triage)
    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in printed.splitlines() if "│" in line]
    assert status == 0
    assert {(r[3], r[4]): (r[1], r[5], r[6]) for r in rows} == {
        ("pattern", "/currency"): ("shop", "2", "1"),
        ("minimum", "/quantity"): ("shop", "1", "0"),
    }
    assert "T1" not in printed


def test_the_reasons_of_a_part_are_those_that_a_replay_of_it_would_take(cloud, ask):
    arrive(cloud, sale(1), sale(2, quantity=0, currency="EUR"))
    chosen = ["--dataset", "transaction", "--reason", "minimum", "--source", "shop", "--since", "2026-03-01"]
    assert "/quantity" in ask(triage, *chosen)[1]
    assert "/currency" not in ask(triage, *chosen)[1]
    for other in (["--dataset", "customer"], ["--stage", "clean_raw"], ["--until", "2026-03-01"], ["--held"]):
        assert ask(triage, *chosen, *other) == (0, "Nothing of that lies in quarantine.\n")


def test_a_payload_is_shown_to_who_asks_for_it(cloud, ask, monkeypatch):
    monkeypatch.setenv("SHOW_PAYLOAD", "1")
    arrive(cloud, sale(1))
    assert "transaction_id" in ask(triage)[1]


def test_a_record_s_history_says_when_and_why_it_was_quarantined_and_what_its_replays_came_to(cloud, ask):
    arrive(cloud, sale(1, quantity=0))
    (first,) = stored(cloud, "quarantine")
    replay({"dataset": "transaction"}, EURO)
    replay({"stage": "replay_quarantine"}, {"map": {"/quantity": {"0": 1}}})
    status, printed = ask(history, first["record_id"])
    events = [line.partition("  ")[2] for line in printed.splitlines()]
    assert status == 0
    assert any(e.startswith("quarantined by ingest_batch") and "minimum /quantity" in e for e in events)
    assert any(e.startswith("replayed with fix euro") and e.endswith(": quarantined") for e in events)
    assert any(e.startswith("replayed with fix euro") and e.endswith(": accepted") for e in events)
    assert any(e.startswith("waits as ") for e in events)
    ledger = Ledger(cloud.table("ledger"))
    ledger.open_run("r1", "2026-03-02T02:30:00Z", "arn")
    ledger.fail_run("r1", "CheckClean", "gate", held=ledger.pending_receipts())
    assert "is held as " in ask(history, first["record_id"])[1]
    assert ask(history, "0" * 32)[0] == 1


@pytest.mark.parametrize("command", [triage, history, redrive, replay_command, backfill_command])
def test_without_credentials_a_command_says_what_to_set(monkeypatch, capsys, command):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", boto3.Session(region_name="us-east-1"))
    more = {
        history: ["r"],
        replay_command: ["--dataset", "x"],
        backfill_command: ["--from", "2026-03-01", "--to", "2026-03-02"],
    }
    monkeypatch.setattr(sys, "argv", ["command", "--env", "dev", *more.get(command, [])])
    assert command.main() == 1
    told = capsys.readouterr()
    assert "Set AWS_PROFILE" in told.out + told.err


def test_an_environment_that_is_not_there_is_said_so(cloud):
    prod = Deployed("prod", "123456789012", "us-east-1")
    with pytest.raises(OperationError, match="ENV=prod"):
        prod.bucket("quarantine")
    with pytest.raises(OperationError, match="no state machine cdp-prod-replay in this account; is ENV=prod"):
        prod.execute("replay", {})


def test_an_on_failure_object_is_given_to_the_function_and_leaves_only_when_it_was_taken(cloud, monkeypatch):
    from tests.lambdas.test_ingest_stream import batch

    bucket, key = cloud.bucket("quarantine"), "aws/lambda/mapping/shard/2026/03/02/object"
    event = batch(b"{}")
    boto3.client("s3").put_object(Bucket=bucket, Key=key, Body=json.dumps({"payload": json.dumps(event)}))
    monkeypatch.setattr(redrive, "_is_taken", lambda *_: False)
    assert redrive.redrive_objects(DEPLOYED) == (0, 1)
    assert keys(bucket, "aws/") == [key]
    taken = []
    monkeypatch.setattr(
        redrive,
        "_is_taken",
        lambda d, f, e: taken.append(e) or not ingest_stream.handler(e, CONTEXT)["batchItemFailures"],
    )
    assert redrive.redrive_objects(DEPLOYED) == (1, 0)
    assert (taken, keys(bucket, "aws/"), keys(bucket, "redriven/")) == ([event], [], [f"redriven/{key}"])
    assert len(stored(cloud, "quarantine")) == 1


def test_the_runs_that_took_a_batch_are_known(cloud):
    ledger = Ledger(cloud.table("ledger"))
    arrive(cloud, sale(1, currency="EUR"), name="a")
    for run_id in ("run-1", "run-2"):
        ledger.commit_run(run_id, receipts(cloud))
        backfill(ledger, "2026-03-01", "2026-03-09")
    assert ledger.runs_that_took("a-transaction") == ["run-1", "run-2"]
    assert ledger.runs_that_took("b-transaction") == []


def test_a_backfill_gives_a_period_s_batches_to_the_next_run_once(cloud):
    ledger = Ledger(cloud.table("ledger"))
    arrive(cloud, sale(1, currency="EUR"), name="a")
    arrive(cloud, sale(2, currency="EUR"), name="b", at="2026-03-05T02:00:00Z")
    ids = committed(cloud)
    ledger.commit_run("run-1", ledger.pending_receipts())
    assert ledger.pending_receipts() == []
    assert backfill(ledger, "2026-03-02", "2026-03-04") == 1
    assert backfill(ledger, "2026-03-01", "2026-03-09") == 2
    assert committed(cloud) == ids


def test_a_backfill_s_records_are_judged_again(cloud):
    ledger = Ledger(cloud.table("ledger"))
    arrive(cloud, sale(1, currency="EUR"), name="a")
    (arrived,) = ledger.pending_receipts()
    assert arrived.seal
    ledger.commit_run("run-1", [arrived])
    backfill(ledger, "2026-03-01", "2026-03-09")
    assert ledger.pending_receipts() == [replace(arrived, seal="")]
