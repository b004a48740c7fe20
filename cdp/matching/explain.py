"""Why two person records are one human or not, and whom another version of the rules would merge or split.

Values are masked: the first letter and the length are enough to see what was compared.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from cdp.matching.features import make_features
from cdp.matching.matches import BALANCED, NO_DECISIONS, resolve_matches
from cdp.matching.model import MatchModel
from cdp.matching.rules import MatchRules
from cdp.matching.scoring import score_pairs
from cdp.steps import MatchEngine

SAMPLES = 5


class UnknownPersonError(Exception):
    """A person record is not in clean.customer; the message names it."""


@dataclass(frozen=True)
class FieldWeight:
    """What one field says about a pair: bits for (above 0) or against one human; both values masked."""

    field: str
    agreement: str
    weight: float
    left: str
    right: str


@dataclass(frozen=True)
class PairExplained:
    """The probability that two records are one human, with what made it; `veto` is the guard that spoke, if any.

    `two_people` is the kind of two people, such as a household, that explains best what agrees, if any; `doubt` is what
    that takes away, in bits of 0 or less.
    """

    match_probability: float
    prior_weight: float
    fields: tuple[FieldWeight, ...]
    veto: str | None
    two_people: str | None
    doubt: float
    is_together: bool


@dataclass(frozen=True)
class Difference:
    """Customers that another version would make of others: so many merge and split, with the records of a few."""

    merged: int
    split: int
    merged_samples: tuple[tuple[str, ...], ...]
    split_samples: tuple[tuple[str, ...], ...]


def explain_pair(engine: MatchEngine, rules: MatchRules, model: MatchModel, left: str, right: str) -> PairExplained:
    """Weigh two person records of `clean_customer`, after `resolve_matches`. Raises UnknownPersonError."""
    left, right = sorted((left, right))
    make_features(engine, rules)
    features = {row["person_id"]: row for row in _rows(engine, "person_feature", "person_id", (left, right))}
    if missing := {left, right} - set(features):
        raise UnknownPersonError(
            f"{', '.join(sorted(missing))}: no such person record; write source:source_customer_id"
        )
    numbers = {"left": features[left]["number"], "right": features[right]["number"]}
    engine.step("asked_pair", "select :left as left_number, :right as right_number", numbers)
    score_pairs(engine, "asked_pair", "explained_pair", rules, model)
    (found,) = engine.query("select * from explained_pair")
    together = _rows(engine, "membership", "person_id", (left, right))
    return explained(found, features, rules, model, len({row["cluster_id"] for row in together}) == 1)


def explained(
    found: Mapping[str, Any],
    features: Mapping[str, Mapping[str, str | None]],
    rules: MatchRules,
    model: MatchModel,
    is_together: bool,
) -> PairExplained:
    """A row of `score_pairs` in words; `features` are those of both records by their person_id."""
    weights = []
    for comparison in rules.comparisons:
        gamma, name = found[f"gamma_{comparison.name}"], comparison.name
        # gamma counts from no agreement up, -1 where a value is missing
        agreement = comparison.agreement(comparison.levels[-1 - gamma]) if gamma >= 0 else "not stated"
        values = (masked(features[found[side]][name]) for side in ("left_id", "right_id"))
        weights.append(FieldWeight(name, agreement, round(found[f"mw_{name}"], 2), *values))
    return PairExplained(
        match_probability=found["match_probability"],
        prior_weight=round(model.prior_weight, 2),
        fields=tuple(weights),
        veto=found["veto"],
        two_people=found["two_people"],
        doubt=round(-found["doubt"], 2),
        is_together=is_together,
    )


def evidence_chain(engine: MatchEngine, person_id: str) -> list[dict[str, object]]:
    """The edges inside the cluster of a person record, the strongest first: left_id, right_id, match_probability."""
    return engine.query(
        """select e.left_id, e.right_id, e.match_probability
           from edge e
           join membership l on l.person_id = e.left_id
           join membership r on r.person_id = e.right_id and r.cluster_id = l.cluster_id
           join membership p on p.cluster_id = l.cluster_id
           where p.person_id = :person_id
           order by e.match_probability desc, e.left_id, e.right_id""",
        {"person_id": person_id},
    )


def compare_versions(
    engine: MatchEngine,
    before: tuple[MatchRules, MatchModel],
    after: tuple[MatchRules, MatchModel],
    decisions: pa.Table = NO_DECISIONS,
) -> Difference:
    """What would change for the customers in `clean_customer` when the rules after replace those before.

    A steward's decisions count under both.
    """
    for name, (rules, model) in (("membership_before", before), ("membership_after", after)):
        resolve_matches(engine, rules, decisions, model, BALANCED)
        engine.step(name, "select person_id, cluster_id from membership")
    merged, merged_samples = _brought_together(engine, "membership_after", "membership_before")
    split, split_samples = _brought_together(engine, "membership_before", "membership_after")
    return Difference(merged, split, merged_samples, split_samples)


def masked(value: str | None) -> str:
    """The first character and the length: `ada.abel@x.org` is `a…(14)`."""
    return "–" if value is None else f"{value[0]}…({len(value)})"


def _brought_together(engine: MatchEngine, one: str, other: str) -> tuple[int, tuple[tuple[str, ...], ...]]:
    """Clusters of `one` that hold records of several clusters of `other`, and the records of the first few."""
    engine.step(
        "brought_together",
        f"""select m.cluster_id from {one} m join {other} o on o.person_id = m.person_id
            group by m.cluster_id having count(distinct o.cluster_id) > 1""",
    )
    count = engine.query("select count(*) as n from brought_together")[0]["n"]
    few = engine.query(f"select cluster_id from brought_together order by cluster_id limit {SAMPLES}")
    members = _rows(engine, one, "cluster_id", tuple(row["cluster_id"] for row in few)) if few else []
    samples: dict[str, list[str]] = {row["cluster_id"]: [] for row in few}
    for row in members:
        samples[row["cluster_id"]].append(row["person_id"])
    return count, tuple(tuple(sorted(ids)) for ids in samples.values())


def _rows(engine: MatchEngine, step: str, column: str, values: tuple[str, ...]) -> list[dict[str, str]]:
    return engine.query(f"select * from {step} where {column} in :values", {"values": values})
