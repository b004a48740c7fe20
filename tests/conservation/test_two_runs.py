"""Two runs at once: the second one is refused clearly and takes nothing."""

import pytest

from cdp.aws.ledger import RunInProgressError
from lambdas import plan_run
from tests.lambdas.ingestion import CONTEXT

pytestmark = pytest.mark.slow


def test_a_second_run_is_refused_while_the_first_goes_on_and_takes_nothing(platform, records):
    platform.deliver(records[:40])
    first, second = platform.execution("first"), platform.execution("second")
    platform.running.add(first["Id"])
    opened = plan_run.handler({"execution": first}, CONTEXT)
    platform.deliver(records[40:])
    pending = platform.ledger.pending_receipts()
    with pytest.raises(RunInProgressError, match=opened["run_id"]):
        plan_run.handler({"execution": second}, CONTEXT)
    assert platform.run("third") == "FAILED"
    assert platform.ledger.running()["run_id"] == opened["run_id"]
    assert platform.ledger.pending_receipts() == pending
    platform.running.discard(first["Id"])
