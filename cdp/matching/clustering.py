"""Scored pairs become clusters, the same ones whatever order the pairs come in, and no pair kept apart meets in one.

Records are numbered 0 to count - 1 in the order of their ids; a cluster is named after its smallest record.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

Numbers = NDArray[np.int64]


@dataclass(frozen=True)
class Decisions:
    """Pairs that a steward decided: `same` are one human, `apart` are not. Where they contradict, apart wins."""

    same: frozenset[tuple[int, int]] = field(default_factory=frozenset)
    apart: frozenset[tuple[int, int]] = field(default_factory=frozenset)


def components(count: int, left: Numbers, right: Numbers) -> Numbers:
    """For each record the smallest record that the pairs connect it with, itself when there is none."""
    links = coo_array((np.ones(len(left), np.int8), (left, right)), shape=(count, count))
    _, labels = connected_components(links, directed=False)
    smallest = np.full(count, count, np.int64)
    np.minimum.at(smallest, labels, np.arange(count))
    first: Numbers = smallest[labels]
    return first


def connect(count: int, left: Numbers, right: Numbers, decisions: Decisions) -> Numbers:
    """Clusters of all that is connected, less what a steward keeps apart: there the weakest ties are the last ones."""
    same = _pairs(decisions.same)
    labels = components(count, np.concatenate([left, same[0]]), np.concatenate([right, same[1]]))
    for label in {labels[a] for a, b in decisions.apart if labels[a] == labels[b]}:
        members = np.flatnonzero(labels == label)
        ties = zip(left[labels[left] == label], right[labels[left] == label], strict=True)
        agreed = (pair for pair in decisions.same if labels[pair[0]] == label)
        labels[members] = _join(members.tolist(), [*sorted(agreed), *sorted(ties)], decisions.apart)
    return labels


def _join(members: list[int], ties: Iterable[tuple[int, int]], apart: Iterable[tuple[int, int]]) -> list[int]:
    """Labels of the members when ties join them one by one, save those that would bring a pair kept apart together."""
    label = {member: member for member in members}
    apart = [pair for pair in apart if pair[0] in label and pair[1] in label]
    for a, b in ties:
        one, other = sorted((label[a], label[b]))
        if any({label[x], label[y]} == {one, other} for x, y in apart):
            continue
        label.update({member: one for member in members if label[member] == other})
    return [label[member] for member in members]


def _pairs(pairs: Iterable[tuple[int, int]]) -> tuple[Numbers, Numbers]:
    ordered = sorted(pairs)
    return np.array([a for a, _ in ordered], np.int64), np.array([b for _, b in ordered], np.int64)
