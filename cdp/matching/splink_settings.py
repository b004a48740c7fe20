"""Our own rules and a model's parameters become Splink's settings, in the dialect of whichever engine runs them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import splink.comparison_level_library as levels
from splink import SettingsCreator
from splink.comparison_library import CustomComparison

from cdp.matching.model import MatchModel
from cdp.matching.rules import Comparison, Level, MatchRules

KINDS: Mapping[str, Callable[[Level], Any]] = {
    "swapped": lambda level: levels.CustomLevel(_crosswise(*level.fields)),
    "similar": lambda level: levels.JaroWinklerLevel(level.fields[0], level.limit),
    "edits": lambda level: levels.DamerauLevenshteinLevel(level.fields[0], int(level.limit)),
    "else": lambda level: levels.ElseLevel(),
}


def settings(rules: MatchRules, model: MatchModel) -> SettingsCreator:
    """Splink's settings for a model; agreement is weighed by frequency where the model knows frequencies."""
    return SettingsCreator(
        link_type="dedupe_only",
        unique_id_column_name="person_id",
        probability_two_random_records_match=model.prior,
        comparisons=[_comparison(c, model) for c in rules.comparisons],
        retain_matching_columns=True,
        retain_intermediate_calculation_columns=True,
        em_convergence=0.001,
    )


def _comparison(comparison: Comparison, model: MatchModel) -> CustomComparison:
    made: list[Any] = [levels.NullLevel(comparison.name)]
    for level, (m, u) in zip(comparison.levels, model.parameters[comparison.name], strict=True):
        made.append(_level(level, model).configure(m_probability=m, u_probability=u))
    return CustomComparison(output_column_name=comparison.name, comparison_levels=made)


def _level(level: Level, model: MatchModel) -> Any:
    if level.kind == "exact":
        by_frequency = level.is_by_frequency and level.fields[0] in model.frequencies
        return levels.ExactMatchLevel(level.fields[0], term_frequency_adjustments=by_frequency)
    return KINDS[level.kind](level)


def _crosswise(one: str, other: str) -> str:
    return f"{one}_l = {other}_r and {other}_l = {one}_r"
