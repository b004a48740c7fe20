"""A run killed while it publishes table by table, and then re-run, ends in the same tables."""

import pytest

from tests.conservation.conftest import differing
from tests.conservation.platform import Killed

pytestmark = pytest.mark.slow


def test_killed_while_it_publishes_and_then_re_run_ends_in_the_same_tables(platform, records, expected):
    half = len(records) // 2
    platform.deliver(records[:half])
    platform.run()
    platform.deliver(records[half:])
    # The second run has fewer tables to publish: some are published already.
    for effect, says_goodbye in ((10, True), (6, False)):
        with pytest.raises(Killed):
            platform.run(within="CloseRun", at_effect=effect, says_goodbye=says_goodbye)
    platform.settle()
    assert differing(expected, platform.tables()) == {}
