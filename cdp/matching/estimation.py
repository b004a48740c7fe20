"""How often pairs of each kind agree, by expectation maximisation: which kind a pair is, and what that says, in turns.

The kinds are one human, those of the rules' `two_people`, and strangers. What strangers' records have in common is
counted over all pairs of sampled records, less those that are likelier something else; all other kinds over the
candidates. Counts of the rules' own shares are added, so that a field which no pair states stays as shipped.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cdp.matching.model import ONE_HUMAN_PER_RECORD, Group, MatchModel
from cdp.matching.rules import MatchRules

ROUNDS = 20
SHIPPED_PAIRS = 50  # as many pairs of each kind do the shipped shares weigh
LEAST_CHANCE = 5e-7  # less than one of the sampled pairs
DIGITS = 6  # of a parameter; what lies beyond depends on the order in which sums were made
MOST_BITS = 300.0
ONE_HUMAN = "one human"

Floats = NDArray[np.float64]
Shares = dict[str, Floats]


@dataclass(frozen=True)
class Patterns:
    """Ways in which pairs agree: per field the level from the top (-1: not stated) and the bits that rarity adds."""

    level: Mapping[str, NDArray[np.int64]]
    rare: Mapping[str, Floats]
    count: Floats


def estimate(candidates: Patterns, sampled: Patterns, rules: MatchRules, start: MatchModel, records: int) -> MatchModel:
    """The model that these pairs teach; what `start` knows of frequencies is kept, in scale with the new chances."""
    pairs = records * (records - 1) / 2
    begun = {name: np.array(levels) for name, levels in start.parameters.items()}
    chance = {name: levels[:, 1] / levels[:, 1].sum() for name, levels in begun.items()}
    shipped = {ONE_HUMAN: {name: levels[:, 0] / levels[:, 0].sum() for name, levels in begun.items()}}
    shipped |= {g.name: {f: np.array(s) / sum(s) for f, s in g.shares.items()} for g in rules.two_people}
    learns = {ONE_HUMAN: set(begun)} | {g.name: set(g.shares) - set(g.fixed) for g in rules.two_people}
    shared = {ONE_HUMAN: tuple(begun)} | {g.name: g.shared for g in rules.two_people}
    per_record = {ONE_HUMAN: ONE_HUMAN_PER_RECORD} | {g.name: g.per_record for g in rules.two_people}
    prior = {kind: share * records / pairs for kind, share in per_record.items()}
    kinds, strangers, told = dict(shipped), chance, _tells(sampled, begun)
    for _ in range(ROUNDS):
        found = _responsible(candidates, kinds, strangers, prior, shared)
        left = sampled.count * (1 - sum(_responsible(sampled, kinds, strangers, prior, {}).values()))
        strangers = {f: _shares(sampled.level[f], left, chance[f], 1) if f in told else chance[f] for f in begun}
        strangers = {f: np.maximum(shares, LEAST_CHANCE) for f, shares in strangers.items()}
        prior = {kind: float((candidates.count @ share + 1) / pairs) for kind, share in found.items()}
        kinds = {
            kind: {
                f: _shares(candidates.level[f], candidates.count * share, shipped[kind][f], SHIPPED_PAIRS)
                if f in learns[kind] and f in told
                else shipped[kind][f]
                for f in shipped[kind]
            }
            for kind, share in found.items()
        }
    one = kinds.pop(ONE_HUMAN)
    return replace(
        start,
        parameters={f: [(rounded(m), rounded(u)) for m, u in zip(one[f], strangers[f], strict=True)] for f in begun},
        prior=rounded(prior[ONE_HUMAN]),
        frequencies={
            field: _scaled(shares, strangers[name][0] / begun[name][0, 1])
            for field, shares in start.frequencies.items()
            for name in begun
            if rules.comparison(name).weighed_by == field
        },
        groups={k: Group(rounded(prior[k]), {f: [*map(rounded, s)] for f, s in v.items()}) for k, v in kinds.items()},
    )


def _responsible(
    pairs: Patterns,
    kinds: Mapping[str, Shares],
    strangers: Shares,
    prior: Mapping[str, float],
    shared: Mapping[str, Sequence[str]],
) -> dict[str, Floats]:
    """The probability of each kind but strangers, per pattern."""
    odds = {}
    for kind, shares in kinds.items():
        bits = np.full(len(pairs.count), np.log2(prior[kind]))
        for field, share in shares.items():
            level = pairs.level[field]
            bits += np.where(level < 0, 0, np.log2(share / strangers[field])[level])
        for field in shared.get(kind, ()):
            bits += pairs.rare[field]
        odds[kind] = np.exp2(np.clip(bits, -MOST_BITS, MOST_BITS))
    whole = 1 + sum(odds.values())
    return {kind: share / whole for kind, share in odds.items()}


def _shares(level: NDArray[np.int64], count: Floats, shipped: Floats, weight: float) -> Floats:
    is_stated = level >= 0
    counts = np.bincount(level[is_stated], count[is_stated], len(shipped)) + weight * shipped
    shares: Floats = counts / counts.sum()
    return shares


def _tells(sampled: Patterns, begun: Mapping[str, Floats]) -> set[str]:
    """Fields that are stated and on which not all pairs agree alike, as those of one source do on `source`."""
    return {f for f in begun if len(set(sampled.level[f][sampled.level[f] >= 0].tolist())) > 1}


def _scaled(shares: Mapping[str, float], factor: float) -> dict[str, float]:
    return {value: rounded(share * factor) for value, share in shares.items()}


def rounded(share: float) -> float:
    """A parameter as it stands in the model."""
    return float(f"{share:.{DIGITS}g}")
