"""Weighing all fields finds more people than shared identifiers do, on records as real sources write them."""

import pytest

from benchmarks.identity import clusters, pairwise, sample_world
from cdp.matching.rules import MatchRules

pytestmark = pytest.mark.slow


def test_people_of_the_sample_world_are_found():
    records, truth = sample_world(3_000, seed=11)
    precision, recall, f1 = pairwise(clusters(records, MatchRules.load(), "balanced"), truth)
    assert precision >= 0.98
    assert recall >= 0.91
    *_, by_identifier = pairwise(clusters(records, MatchRules.load("v1"), "balanced"), truth)
    assert f1 >= by_identifier + 0.10
    sure, *_ = pairwise(clusters(records, MatchRules.load(), "strict"), truth)
    assert sure >= precision
