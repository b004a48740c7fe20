"""The same records end in the same rows, whatever the order, the batches, the redeliveries and the runs."""

from collections import Counter
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.conservation.conftest import differing
from tests.conservation.platform import a_platform
from tests.conservation.schedule import play
from tests.conservation.world import STREAM

pytestmark = pytest.mark.slow


@settings(
    max_examples=3,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(seed=st.integers(1, 2**32), runs=st.integers(2, 3))
def test_any_schedule_with_any_kills_ends_in_the_same_tables(expected, records, tmp_path_factory, seed, runs):
    with a_platform(tmp_path_factory.mktemp("schedule")) as platform:
        play(platform, records, seed, runs, Counter())
        assert differing(expected, platform.tables()) == {}


def test_events_beyond_the_window_are_held_and_counted_and_their_replay_ends_in_the_same_tables(
    expected, records, platform, tmp_path
):
    events = [record for record in records if record.place == STREAM]
    platform.deliver(record for record in records if record.place != STREAM)
    platform.deliver(events, after=timedelta(days=60))
    assert platform.run() == "SUCCEEDED"
    assert platform.tables()["curated.fact_clickstream"] == []
    held = sum(f.late_held for run in platform.runs() for f in platform.ledger.fates(run))
    assert held == sum(event.stage == "clean" and event.fate != "quarantined" for event in events)
    assert platform.replay(select={"is_held": True})["accepted"] > 0
    platform.settle()
    found = platform.tables()
    # What was late already when it arrived at first is taken as well now: a steward said so.
    assert [row for row in expected["clean.clickstream_event"] if row not in found["clean.clickstream_event"]] == []
