"""What `make soak` calls lost: rows of a table, whatever the others say."""

from collections import Counter
from types import SimpleNamespace

import pytest

from tests.conservation.soak import Whole, compared, digests, world

ROWS = [{"id": 1, "cents": 5}, {"id": 2, "cents": 5}, {"id": 2, "cents": 5}]
EXPECTED = Whole(digests(SimpleNamespace(published=lambda: [("a", ROWS), ("b", [])])), [])


@pytest.mark.parametrize(
    ("rows", "wrong", "count"),
    [
        (ROWS[::-1], "", 0),
        (ROWS[1:], "a lacks 1 rows and has 0 others", 1),
        ([*ROWS, ROWS[0]], "a lacks 0 rows and has 1 others", 1),
        ([{"id": 1, "cents": 6}, *ROWS[1:]], "a lacks 1 rows and has 1 others", 1),
        (ROWS[:2], "a lacks 1 rows and has 0 others", 1),
        ([], "a lacks 3 rows and has 0 others", 3),
    ],
)
def test_a_row_that_is_lost_doubled_or_changed_is_found_and_counted(rows, wrong, count):
    platform = SimpleNamespace(published=lambda: [("a", rows), ("b", [])])
    assert compared(Counter(), EXPECTED, platform)[1:] == (wrong, count)


@pytest.mark.parametrize("records", [2_000, 5_000, 20_000])
def test_a_world_has_about_as_many_records_as_were_asked_for(records):
    assert 0.9 < len(world(records)) / records < 1.1
