import json
from dataclasses import asdict
from types import SimpleNamespace

import boto3
import pytest

from cdp.accounting import Fates
from cdp.aws.ledger import Ledger, Receipt, RunInProgressError
from cdp.run import Run
from lambdas.plan_run import handler

CONTEXT = SimpleNamespace(function_name="f", memory_limit_in_mb=1, invoked_function_arn="a", aws_request_id="r")
EXECUTION = {"Id": "arn:one", "Name": "one", "Input": {"run_at": "2026-03-02T02:30:00Z", "schedule": "daily"}}


@pytest.fixture
def ledger(aws):
    return Ledger(aws.table("ledger"))


def receipt(receipt_id, accepted=2, quarantined=1):
    key = f"records/{receipt_id}.jsonl.gz" if accepted else ""
    received = accepted + quarantined
    return Receipt(
        receipt_id, "ingest_stream", "customer", received, accepted, 0, quarantined, "2026-03-02T02:00:00Z", key
    )


def plan(execution=EXECUTION):
    return handler({"execution": execution}, CONTEXT)


def manifest_of(aws, planned):
    body = boto3.client("s3").get_object(Bucket=aws.bucket("raw"), Key=planned["manifest"])["Body"]
    return json.load(body)


def test_a_run_closes_its_manifest_over_what_is_pending(aws, ledger):
    ledger.put_receipt(receipt("a"))
    ledger.put_receipt(receipt("b"))
    planned, run = plan(), Run.of(EXECUTION)
    assert planned == {**asdict(run), "records": 4, "manifest": f"manifests/{run.run_id}.json"}
    assert manifest_of(aws, planned) == {**asdict(run), "receipts": [asdict(receipt("a")), asdict(receipt("b"))]}
    assert ledger.run(run.run_id)["status"] == "RUNNING"
    assert ledger.fates(run.run_id) == [Fates("ingest_stream", "customer", 6, 4, quarantined=2)]


def test_repeated_for_the_same_execution_it_answers_the_same(aws, ledger):
    ledger.put_receipt(receipt("a"))
    first = plan()
    ledger.put_receipt(receipt("came later"))
    assert plan() == first
    assert [r["receipt_id"] for r in manifest_of(aws, first)["receipts"]] == ["a"]
    assert ledger.fates(first["run_id"]) == [Fates("ingest_stream", "customer", 3, 2, quarantined=1)]


@pytest.fixture
def executions(aws):
    """Two executions of a state machine that go on: their ARNs."""
    states = boto3.client("stepfunctions")
    wait = {"StartAt": "Wait", "States": {"Wait": {"Type": "Wait", "Seconds": 60, "End": True}}}
    machine = states.create_state_machine(
        name="m", definition=json.dumps(wait), roleArn="arn:aws:iam::123456789012:role/r"
    )["stateMachineArn"]
    return [states.start_execution(stateMachineArn=machine, name=name)["executionArn"] for name in ("one", "two")]


def test_a_second_run_is_refused_while_the_first_goes_on(aws, executions):
    first = plan({**EXECUTION, "Id": executions[0]})
    with pytest.raises(RunInProgressError, match=first["run_id"]):
        plan({**EXECUTION, "Id": executions[1]})


def test_a_run_whose_execution_was_stopped_gives_way_and_its_batches_are_taken(aws, ledger, executions):
    ledger.put_receipt(receipt("a"))
    first = plan({**EXECUTION, "Id": executions[0]})
    boto3.client("stepfunctions").stop_execution(executionArn=executions[0])
    second = plan({**EXECUTION, "Id": executions[1]})
    assert [r["receipt_id"] for r in manifest_of(aws, second)["receipts"]] == ["a"]
    assert ledger.run(first["run_id"])["status"] == "FAILED"
    assert ledger.running()["run_id"] == second["run_id"]


def test_a_run_with_nothing_but_rejects_has_no_records(aws, ledger):
    ledger.put_receipt(receipt("a", accepted=0))
    planned = plan()
    assert planned["records"] == 0
    assert len(manifest_of(aws, planned)["receipts"]) == 1
