"""A run killed at any state and re-run ends in the same tables; two runs at once lose nothing."""

import pytest

from cdp.aws.lake import Lake
from cdp.aws.ledger import RunInProgressError
from lambdas import plan_run
from tests.conservation.conftest import differing
from tests.conservation.platform import Killed
from tests.lambdas.ingestion import CONTEXT

pytestmark = pytest.mark.slow


def test_killed_before_every_state_and_then_re_run_ends_in_the_same_tables(platform, records, expected):
    """Each re-run finds what all the killed ones left; every other one could not even say goodbye."""
    platform.deliver(records)
    for number, state in enumerate(platform.states):
        with pytest.raises(Killed):
            platform.run(before=state, says_goodbye=number % 2 == 0)
        # Before CloseRun nothing is published, whatever was written.
        assert Lake(platform.settings).row_count("curated.fact_sales") == 0
    platform.settle()
    assert differing(expected, platform.tables()) == {}


def test_killed_while_it_publishes_and_then_re_run_ends_in_the_same_tables(platform, records, expected):
    half = len(records) // 2
    platform.deliver(records[:half])
    platform.run()
    effects = platform.effects
    platform.deliver(records[half:])
    for back in (25, 12, 3):
        with pytest.raises(Killed):
            platform.run(at_effect=effects - back, says_goodbye=back == 12)
    platform.settle()
    assert differing(expected, platform.tables()) == {}


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


def test_a_replay_beside_a_run_and_once_more_after_it_ends_in_the_same_tables(platform, records, expected):
    """Between every two states of a run all of quarantine is replayed; nothing of it is fixed, so nothing changes."""
    platform.deliver(records)
    do = platform._do

    def beside(name, *rest):
        if name in ("CleanRaw", "LoadWarehouse", "CloseRun"):
            platform.replay(select={"since": "2026-01-01"})
        return do(name, *rest)

    platform._do = beside
    platform.run()
    platform._do = do
    platform.replay(select={"since": "2026-01-01"})
    platform.settle()
    assert differing(expected, platform.tables()) == {}
