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

SHIPPED_PRIOR = 0.00001  # two random records of 100,000 that hold half as many people


class MatchModelError(Exception):
    """A model does not fit the rules; the message says how to get one that does."""


@dataclass(frozen=True)
class MatchModel:
    """(m, u) per comparison and level, `prior` of two random records, share of each value per weighed field.

    `metadata` says what it was learnt from: records, snapshot of clean.customer, or why it was not learnt.
    """

    rule_version: str
    parameters: Mapping[str, Sequence[tuple[float, float]]]
    prior: float
    frequencies: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    metadata: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def shipped(cls, rules: MatchRules, reason: str = "no model was trained") -> MatchModel:
        """The parameters that the rules state."""
        parameters = {c.name: [(level.m, level.u) for level in c.levels] for c in rules.comparisons}
        return cls(rules.rule_version, parameters, SHIPPED_PRIOR, metadata={"is_trained": False, "reason": reason})

    @cached_property
    def model_version(self) -> str:
        """16 hex digits of a hash of all that decides a score."""
        content = [self.rule_version, self.parameters, self.prior, self.frequencies]
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]

    @property
    def prior_weight(self) -> float:
        """Bits for one human before anything was compared; far below 0."""
        return math.log2(self.prior / (1 - self.prior))

    def to_json(self) -> str:
        """All of it as text; `from_json` gives it back."""
        return json.dumps(
            {
                "rule_version": self.rule_version,
                "parameters": self.parameters,
                "prior": self.prior,
                "frequencies": self.frequencies,
                "metadata": self.metadata,
            },
            sort_keys=True,
        )

    @classmethod
    def from_json(cls, text: str) -> MatchModel:
        """The model that `to_json` wrote. Raises MatchModelError."""
        try:
            stated = json.loads(text)
            pairs = {name: [(m, u) for m, u in levels] for name, levels in stated.pop("parameters").items()}
            return cls(parameters=pairs, **stated)
        except (ValueError, KeyError, TypeError) as error:
            raise MatchModelError(f"this is no match model ({error!r}); train one with make identity-train") from error

    def check(self, rules: MatchRules) -> None:
        """Raises MatchModelError when the model was made for other rules."""
        shape = {c.name: len(c.levels) for c in rules.comparisons}
        if self.rule_version != rules.rule_version or shape != {n: len(p) for n, p in self.parameters.items()}:
            raise MatchModelError(
                f"the model is for rules {self.rule_version}, not {rules.rule_version}; run make identity-train"
            )
