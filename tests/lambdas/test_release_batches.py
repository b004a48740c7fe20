from types import SimpleNamespace

import pytest

from cdp.aws.ledger import Ledger, Receipt
from cdp.aws.manifest import close_manifest
from cdp.run import Run, RunError
from lambdas.release_batches import handler

CONTEXT = SimpleNamespace(function_name="f", memory_limit_in_mb=1, invoked_function_arn="a", aws_request_id="r")


def receipt(receipt_id):
    return Receipt(receipt_id, "ingest_batch", "customer", 2, 2, 0, 0, "2026-03-02T02:00:00Z", f"records/{receipt_id}")


@pytest.fixture
def ledger(aws):
    """Two runs that gates rejected, each holds its batch."""
    ledger = Ledger(aws.table("ledger"))
    for run_id, held in (("run-1", receipt("a")), ("run-2", receipt("b"))):
        ledger.put_receipt(held)
        close_manifest(aws.bucket("raw"), Run(run_id, "2026-03-02T02:30:00Z"), [held])
        ledger.fail_run(run_id, "CheckClean", "GateRejected", [held])
    return ledger


def test_the_batches_of_one_run_go_to_the_next_and_the_others_stay_held(ledger):
    assert handler({"run_id": "run-1"}, CONTEXT) == {"run_id": "run-1", "released": 1}
    assert (ledger.pending_receipts(), ledger.held_receipts()) == ([receipt("a")], [receipt("b")])


def test_batches_released_twice_are_not_taken_twice(ledger):
    handler({"run_id": "run-1"}, CONTEXT)
    ledger.commit_run("run-3", [receipt("a")])
    assert handler({"run_id": "run-1"}, CONTEXT)["released"] == 0
    assert ledger.pending_receipts() == []


@pytest.mark.parametrize("event", [{}, {"run_id": ""}, {"run_id": None}])
def test_a_run_has_to_be_named(aws, event):
    with pytest.raises(RunError, match="run_id"):
        handler(event, CONTEXT)
