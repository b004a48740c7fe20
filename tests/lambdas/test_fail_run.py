import json
from types import SimpleNamespace

import pytest

from cdp.aws.ledger import Ledger, Receipt
from cdp.aws.manifest import close_manifest
from cdp.run import Run
from lambdas.fail_run import handler

CONTEXT = SimpleNamespace(function_name="f", memory_limit_in_mb=1, invoked_function_arn="a", aws_request_id="r")
EXECUTION = {"Id": "arn:one", "Name": "one", "Input": {"run_at": "2026-03-02T02:30:00Z"}}
RUN = Run.of(EXECUTION)
RECEIPT = Receipt("a", "ingest_stream", "customer", 2, 2, 0, 0, "2026-03-02T02:00:00Z", "records/a.jsonl.gz")


@pytest.fixture
def ledger(aws):
    """A ledger with one pending batch and one open run that takes it."""
    ledger = Ledger(aws.table("ledger"))
    ledger.put_receipt(RECEIPT)
    ledger.open_run(RUN.run_id, RUN.run_at, "arn:one")
    close_manifest(aws.bucket("raw"), RUN, ledger.pending_receipts())
    return ledger


def fail(state_name, error="States.TaskFailed", cause="it broke"):
    failed = {state_name: {"Error": error, "Cause": cause}}
    return handler({"execution": EXECUTION, "state": {"run": {"run_id": RUN.run_id}, "failed": failed}}, CONTEXT)


def test_a_failed_run_frees_the_lock_and_leaves_its_batches_pending(ledger):
    notice = fail("BuildStarSchema", cause=json.dumps({"JobName": "j", "ErrorMessage": "of ann@example.com"}))
    run = ledger.run(RUN.run_id)
    assert (run["status"], run["failed_state"]) == ("FAILED", "BuildStarSchema")
    assert "<e-mail>" in run["cause"]
    assert ledger.running() == {}
    assert (ledger.pending_receipts(), ledger.held_receipts()) == ([RECEIPT], [])
    assert f"manifests/{RUN.run_id}.json" in notice["message"]
    assert "ann@example.com" not in json.dumps(notice)


def test_what_a_gate_rejected_is_held_and_the_rules_are_told(ledger):
    details = {"message": "clean.customer email_form (fail). For example source_customer_id=c7.", "tables": {}}
    ledger.put_verdict(RUN.run_id, "clean", "fail", details)
    notice = fail("CheckClean", error="GateRejected")
    assert (ledger.pending_receipts(), ledger.held_receipts()) == ([], [RECEIPT])
    for part in ("source_customer_id=c7", "run_2026_03_02T02_30_00Z", "1 batches are held"):
        assert part in notice["message"]
    assert notice["error"] == "GateRejected"


def test_repeated_it_changes_nothing(ledger):
    ledger.put_verdict(RUN.run_id, "clean", "fail", {"message": "m"})
    assert fail("CheckClean") == fail("CheckClean")
    assert (ledger.pending_receipts(), ledger.held_receipts()) == ([], [RECEIPT])


def test_a_committed_run_stays_committed(ledger):
    ledger.commit_run(RUN.run_id, [RECEIPT])
    notice = fail("CloseRun", error="States.Timeout")
    assert ledger.run(RUN.run_id)["status"] == "SUCCEEDED"
    assert "nothing has to be repeated" in notice["message"]


def test_a_run_that_died_between_its_commit_and_its_lock_stays_committed_and_frees_the_lock(ledger, monkeypatch):
    with monkeypatch.context() as killed:
        killed.setattr(Ledger, "_free_lock", lambda self, run_id: None)
        ledger.commit_run(RUN.run_id, [RECEIPT])
    fail("CloseRun", error="States.Timeout")
    assert (ledger.run(RUN.run_id)["status"], ledger.running()) == ("SUCCEEDED", {})


def test_a_run_that_was_refused_leaves_the_other_s_lock(ledger):
    other = {**EXECUTION, "Id": "arn:two"}
    failed = {"PlanRun": {"Error": "RunInProgressError", "Cause": "{}"}}
    notice = handler({"execution": other, "state": {"failed": failed}}, CONTEXT)
    assert ledger.running()["run_id"] == RUN.run_id
    assert ledger.run(Run.of(other).run_id)["status"] == "FAILED"
    assert "plan_run" in notice["message"]


def test_an_event_of_any_shape_is_answered(aws):
    for event in (None, [], "x", {}, {"execution": 1, "state": 2}, {"state": {"run": None}}):
        assert set(handler(event, CONTEXT)) == {"subject", "message", "error", "cause"}
