"""Scored pairs become clusters, the same ones whatever order the pairs come in, and no pair kept apart meets in one.

Records are numbered 0 to count - 1 in the order of their ids; a cluster is named after its smallest record.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial.distance import squareform

from cdp.matching.rules import Mode

Numbers = NDArray[np.int64]
HIGHER = (0.9, 0.99, 0.999, 0.9999)


@dataclass(frozen=True)
class Scored:
    """Pairs of records with the probability that they are one human."""

    left: Numbers
    right: Numbers
    probability: NDArray[np.float64]


@dataclass(frozen=True)
class Decisions:
    """Pairs that a steward decided: `same` are one human, `apart` are not. Where they contradict, apart wins."""

    same: frozenset[tuple[int, int]] = field(default_factory=frozenset)
    apart: frozenset[tuple[int, int]] = field(default_factory=frozenset)

    @property
    def records(self) -> frozenset[int]:
        """All that are decided about."""
        return frozenset(record for pair in (*self.same, *self.apart) for record in pair)


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


def in_reach(count: int, scored: Scored, same: Iterable[tuple[int, int]], mode: Mode) -> Numbers:
    """Components over scores of at least `mode.reach`; those with too many records are cut at higher scores.

    What even certain scores connect to too many records comes apart into single ones: that is a shared value, not a
    person.
    """
    labels = np.arange(count)
    left, right = _pairs(same)
    is_open = np.ones(count, bool)
    for least in (mode.reach, *(score for score in HIGHER if score > mode.reach)):
        is_tie = (scored.probability >= least) & is_open[scored.left] & is_open[scored.right]
        is_decided = is_open[left] & is_open[right]
        found = components(
            count,
            np.concatenate([scored.left[is_tie], left[is_decided]]),
            np.concatenate([scored.right[is_tie], right[is_decided]]),
        )
        is_small = np.bincount(found, minlength=count)[found] <= mode.most_person_records
        labels = np.where(is_open & is_small, found, labels)
        is_open &= ~is_small
        if not is_open.any():
            break
    return labels


def cut(labels: Numbers, scored: Scored, decisions: Decisions, mode: Mode) -> Numbers:
    """Cut each component by average linkage where the average score falls below `mode.average`."""
    is_inside = (labels[scored.left] == labels[scored.right]) & (scored.left != scored.right)
    left, right, probability = scored.left[is_inside], scored.right[is_inside], scored.probability[is_inside]
    sizes = np.bincount(labels, minlength=len(labels))
    decided = {int(labels[record]) for record in decisions.records}
    clusters = labels.copy()
    # Two records: the one score decides.
    is_pair = (sizes[labels[left]] == 2) & ~np.isin(labels[left], list(decided))
    clusters[right[is_pair & (probability < mode.average)]] = right[is_pair & (probability < mode.average)]
    order = np.argsort(labels[left], kind="stable")
    order = order[~is_pair[order]]
    starts = np.flatnonzero(np.diff(labels[left[order]], prepend=-1))
    members_of = _members(labels, sizes)
    for some in np.split(order, starts[1:]) if len(order) else ():
        label = int(labels[left[some[0]]])
        members = members_of(label)
        places = np.searchsorted(members, (left[some], right[some]))
        similarity = np.zeros((len(members), len(members)))
        similarity[places[0], places[1]] = similarity[places[1], places[0]] = probability[some]
        group = _grouped(members, similarity, decisions, mode) if label in decided else _linked(similarity, mode)
        clusters[members] = _first_of(members, group)
    return clusters


def _members(labels: Numbers, sizes: Numbers) -> Callable[[int], Numbers]:
    order = np.argsort(labels, kind="stable")
    ends = np.cumsum(sizes)
    return lambda label: order[ends[label] - sizes[label] : ends[label]]


def _linked(similarity: NDArray[np.float64], mode: Mode) -> Numbers:
    tree = linkage(squareform(1 - similarity, checks=False), "average")
    # A pair at exactly the average is together; sums of floats lie a little beside it.
    group: Numbers = fcluster(tree, 1 - mode.average + 1e-9, "distance")
    return group


def _grouped(members: Numbers, similarity: NDArray[np.float64], decisions: Decisions, mode: Mode) -> Numbers:
    """Average linkage that starts from what a steward joined and never joins what a steward keeps apart."""
    place = {int(member): i for i, member in enumerate(members)}
    inside = [
        [(place[a], place[b]) for a, b in sorted(pairs) if a in place and b in place]
        for pairs in (decisions.same, decisions.apart)
    ]
    label = _join(list(range(len(members))), inside[0], inside[1])
    groups = [[i for i, mine in enumerate(label) if mine == first] for first in sorted(set(label))]
    while True:
        best, pair = mode.average, None
        for (i, one), (j, other) in combinations(enumerate(groups), 2):
            average = similarity[np.ix_(one, other)].mean()
            if average >= best and not any(
                (a in one and b in other) or (b in one and a in other) for a, b in inside[1]
            ):
                best, pair = average + 1e-9, (i, j)
        if pair is None:
            break
        groups[pair[0]] += groups.pop(pair[1])
    group = np.empty(len(members), np.int64)
    for number, some in enumerate(groups):
        group[some] = number
    return group


def _first_of(members: Numbers, group: Numbers) -> Numbers:
    """For each member the first (smallest) member of its group."""
    _, first, inverse = np.unique(group, return_index=True, return_inverse=True)
    named: Numbers = members[first[inverse]]
    return named


def _pairs(pairs: Iterable[tuple[int, int]]) -> tuple[Numbers, Numbers]:
    ordered = sorted(pairs)
    return np.array([a for a, _ in ordered], np.int64), np.array([b for _, b in ordered], np.int64)
