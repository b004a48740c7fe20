"""What a model has learnt is data: how often fields agree within one person and between two, and how common values are.

A model belongs to one version of the rules and is not changed by scoring: the same records, rules and model give the
same people. Without training it is the one that the rules ship, which knows nothing of any data set.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from cdp.matching.rules import MatchRules

SHIPPED_RECORDS = 100_000  # what the rules' shares of pairs are stated for
ONE_HUMAN_PER_RECORD = 0.5


class MatchModelError(Exception):
    """A model does not fit the rules; the message says how to get one that does."""


@dataclass(frozen=True)
class Group:
    """A kind of two people: its share of all pairs, and per field how often they agree, top level first."""

    prior: float
    shares: Mapping[str, Sequence[float]]


@dataclass(frozen=True)
class MatchModel:
    """(m, u) per comparison and level, `prior` of two random records, share of each value per weighed field.

    `groups` are the kinds of two people that are no strangers, by the names of the rules' `two_people`.
    `metadata` says what it was learnt from: records, snapshot of clean.customer, or why it was not learnt.
    """

    rule_version: str
    parameters: Mapping[str, Sequence[tuple[float, float]]]
    prior: float
    frequencies: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    metadata: Mapping[str, Any] = field(default_factory=dict)
    groups: Mapping[str, Group] = field(default_factory=dict)

    @classmethod
    def shipped(cls, rules: MatchRules, reason: str = "no model was trained") -> MatchModel:
        """The parameters that the rules state."""
        parameters = {c.name: [(level.m, level.u) for level in c.levels] for c in rules.comparisons}
        groups = {g.name: Group(_share_of_pairs(g.per_record), g.shares) for g in rules.two_people}
        metadata = {"is_trained": False, "reason": reason}
        return cls(rules.rule_version, parameters, _share_of_pairs(ONE_HUMAN_PER_RECORD), {}, metadata, groups)

    @cached_property
    def model_version(self) -> str:
        """16 hex digits of a hash of all that decides a score."""
        content = [self.rule_version, self.parameters, self.prior, self.frequencies, self._groups]
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]

    @property
    def prior_weight(self) -> float:
        """Bits for one human before anything was compared; far below 0."""
        return math.log2(self.prior / (1 - self.prior))

    @property
    def _groups(self) -> dict[str, dict[str, Any]]:
        return {name: {"prior": group.prior, "shares": dict(group.shares)} for name, group in self.groups.items()}

    def to_json(self) -> str:
        """All of it as text; `from_json` gives it back."""
        return json.dumps(
            {
                "rule_version": self.rule_version,
                "parameters": self.parameters,
                "prior": self.prior,
                "frequencies": self.frequencies,
                "metadata": self.metadata,
                "groups": self._groups,
            },
            sort_keys=True,
        )

    @classmethod
    def from_json(cls, text: str) -> MatchModel:
        """The model that `to_json` wrote. Raises MatchModelError."""
        try:
            stated = json.loads(text)
            pairs = {name: [(m, u) for m, u in levels] for name, levels in stated.pop("parameters").items()}
            groups = {name: Group(**group) for name, group in stated.pop("groups").items()}
            return cls(parameters=pairs, groups=groups, **stated)
        except (ValueError, KeyError, TypeError) as error:
            raise MatchModelError(f"this is no match model ({error!r}); train one with make identity-train") from error

    def check(self, rules: MatchRules) -> None:
        """Raises MatchModelError when the model was made for other rules."""
        shape = {c.name: len(c.levels) for c in rules.comparisons}
        is_alike = shape == {n: len(p) for n, p in self.parameters.items()}
        if (
            self.rule_version != rules.rule_version
            or not is_alike
            or [*self.groups] != [g.name for g in rules.two_people]
        ):
            raise MatchModelError(
                f"the model is for rules {self.rule_version}, not {rules.rule_version}; run make identity-train"
            )


def _share_of_pairs(per_record: float) -> float:
    return per_record * 2 / SHIPPED_RECORDS
