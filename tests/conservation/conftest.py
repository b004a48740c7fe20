"""The tables that the records of a small world end in when they arrive once, at once, and nothing goes wrong."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sample_data.world import Sizes
from tests.conservation.platform import Platform, a_platform
from tests.conservation.world import Arrival, arrivals

SEED = 7
SIZES = Sizes(customers=12, products=5, transactions=30, events=40)


@pytest.fixture(scope="session")
def records() -> list[Arrival]:
    return arrivals(SEED, SIZES)


@pytest.fixture
def platform(tmp_path: Path) -> Iterator[Platform]:
    with a_platform(tmp_path) as platform:
        yield platform


@pytest.fixture(scope="session")
def expected(records: list[Arrival], tmp_path_factory: pytest.TempPathFactory) -> dict:
    with a_platform(tmp_path_factory.mktemp("expected")) as platform:
        platform.deliver(records)
        assert platform.run() == "SUCCEEDED", platform.error
        return platform.tables()


def differing(expected: dict, found: dict) -> dict[str, tuple]:
    """{table: rows only expected, rows only found}; the first of each."""
    assert expected.keys() == found.keys()
    return {
        table: (
            [row for row in expected[table] if row not in found[table]][:2],
            [row for row in found[table] if row not in expected[table]][:2],
            len(expected[table]),
            len(found[table]),
        )
        for table in expected
        if expected[table] != found[table]
    }
