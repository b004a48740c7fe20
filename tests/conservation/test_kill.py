"""A run killed at any state, or in the middle of any of its jobs, and then re-run ends in the same tables."""

import pytest

from cdp.aws.lake import Lake
from tests.conservation.conftest import differing
from tests.conservation.schedule import Kill, die

pytestmark = pytest.mark.slow

# What dies before CloseRun publishes nothing, CloseRun publishes table by table. `make soak` kills at many more
# effects of each.
UNPUBLISHED = [
    Kill("PlanRun", 2),
    Kill("CleanRaw", 5),
    Kill("CheckClean", 1),
    Kill("ReadCleanVerdict"),
    Kill("ResolveIdentities", 2),
    Kill("BuildGoldenRecords", 2),
    Kill("BuildStarSchema", 4),
    Kill("CheckCurated", 1),
    Kill("ReadCuratedVerdict"),
    Kill("LoadWarehouse", 30),
]
PUBLISHING = [Kill("CloseRun", 10)]


def test_killed_at_every_state_and_within_every_job_and_then_re_run_ends_in_the_same_tables(
    platform, records, expected
):
    assert {kill.state for kill in UNPUBLISHED + PUBLISHING} == set(platform.states)
    platform.deliver(records)
    die(platform, UNPUBLISHED)
    assert Lake(platform.settings).row_count("clean.transaction") == 0
    assert Lake(platform.settings).row_count("curated.fact_sales") == 0
    die(platform, PUBLISHING)
    assert platform.ledger.pending_receipts() != []
    told = [platform.ledger.run(run).get("next_step", "") for run in platform.runs()]
    assert ["may be newer already" in text for text in told] == [False] * len(UNPUBLISHED) + [True]
    platform.settle()
    assert differing(expected, platform.tables()) == {}
