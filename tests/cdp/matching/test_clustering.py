"""Scored pairs become clusters."""

import numpy as np
import pytest

from cdp.matching.clustering import Decisions, connect


def clusters(count, ties, same=(), apart=()):
    left, right = (np.array([tie[side] for tie in ties], np.int64) for side in (0, 1))
    return connect(count, left, right, Decisions(frozenset(same), frozenset(apart))).tolist()


def test_what_is_connected_is_one_cluster_named_after_its_smallest_record():
    assert clusters(6, [(4, 5), (1, 4), (2, 3)]) == [0, 1, 2, 2, 1, 1]


def test_a_chain_of_a_hundred_thousand_is_one_cluster():
    chain = np.arange(100_000)
    assert not connect(100_001, chain, chain + 1, Decisions()).any()


def test_records_decided_to_be_the_same_are_one_cluster_whatever_they_look_like():
    assert clusters(4, [(0, 1)], same=[(1, 3)]) == [0, 0, 2, 0]


@pytest.mark.parametrize("ties", [[(0, 1)], [(0, 2), (1, 2)], [(0, 2), (2, 3), (1, 3)]])
def test_records_kept_apart_are_apart_also_along_a_chain(ties):
    labels = clusters(4, ties, apart=[(0, 1)])
    assert labels[0] != labels[1]
    assert len(set(labels)) == 5 - len(ties)  # and no more comes apart than must


def test_apart_wins_over_same():
    assert clusters(2, [(0, 1)], same=[(0, 1)], apart=[(0, 1)]) == [0, 1]
