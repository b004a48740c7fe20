"""Our own rules and a model's parameters become Splink's settings, in the dialect of whichever engine runs them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import splink.comparison_level_library as levels
from splink import SettingsCreator
from splink.comparison_library import CustomComparison
from splink.internals.dialects import SplinkDialect

from cdp.matching.model import MatchModel
from cdp.matching.rules import Comparison, Level, MatchRules

KINDS: Mapping[str, Callable[[Level], Any]] = {
    "swapped": lambda level: levels.CustomLevel(_crosswise(*level.fields)),
    "initial": lambda level: levels.CustomLevel(_initial(*level.fields)),
    "part": lambda level: levels.CustomLevel(_part(*level.fields)),
    "new_year": lambda level: levels.CustomLevel(NEW_YEAR),
    "similar": lambda level: levels.JaroWinklerLevel(level.fields[0], level.limit),
    "edits": lambda level: _edits(level.fields[0], int(level.limit)),
    "else": lambda level: levels.ElseLevel(),
}

# A birthday nobody knew but its year: the first of January on one side.
NEW_YEAR = "birth_year_l = birth_year_r and (birth_day_l = '0101' or birth_day_r = '0101')"


def settings(rules: MatchRules, model: MatchModel) -> SettingsCreator:
    """Splink's settings for a model; agreement is weighed by frequency where the model knows frequencies."""
    return SettingsCreator(
        link_type="dedupe_only",
        unique_id_column_name="number",
        additional_columns_to_retain=["person_id"],
        probability_two_random_records_match=model.prior,
        comparisons=[_comparison(c, model) for c in rules.comparisons],
        retain_matching_columns=True,
        retain_intermediate_calculation_columns=True,
        em_convergence=0.001,
    )


def fields_compared(rules: MatchRules) -> list[str]:
    """The fields that the comparisons of the rules look at, sorted."""
    fields: set[str] = set()
    for comparison in rules.comparisons:
        fields.update((comparison.name, *comparison.void))
        for level in comparison.levels:
            fields.update((*level.fields, *([level.also] if level.also else ())))
            fields.update(("birth_year", "birth_day") if level.kind == "new_year" else ())
    return sorted(fields)


def _comparison(comparison: Comparison, model: MatchModel) -> CustomComparison:
    made: list[Any] = [_null(comparison)]
    for level, (m, u) in zip(comparison.levels, model.parameters[comparison.name], strict=True):
        made.append(_level(level, model).configure(m_probability=m, u_probability=u))
    return CustomComparison(output_column_name=comparison.name, comparison_levels=made)


def _null(comparison: Comparison) -> Any:
    missing = f"{comparison.name}_l is null or {comparison.name}_r is null"
    void = f" or ({_crosswise(*comparison.void)})" if comparison.void else ""
    return levels.CustomLevel(missing + void).configure(is_null_level=True)


def _level(level: Level, model: MatchModel) -> Any:
    if level.kind == "exact" and not level.also:
        by_frequency = level.is_by_frequency and level.fields[0] in model.frequencies
        return levels.ExactMatchLevel(level.fields[0], term_frequency_adjustments=by_frequency)
    made = KINDS[level.kind](level)
    return levels.And(made, levels.ExactMatchLevel(level.also)) if level.also else made


def _edits(field: str, limit: int) -> Any:
    """Damerau and Levenshtein's distance, of pairs that a cheaper one does not rule out."""
    near = _OneEditAtMost(field) if limit == 1 else levels.LevenshteinLevel(field, 2 * limit)
    return levels.And(near, levels.DamerauLevenshteinLevel(field, limit))


class _OneEditAtMost(levels.LevenshteinLevel):  # type: ignore[misc]  # Splink states no types
    """What must hold of texts one edit apart: of one length they differ in two places, neighbours that changed theirs.

    DuckDB counts edits and lengths in bytes, and places that differ in a quarter of the time.
    """

    def __init__(self, field: str) -> None:
        super().__init__(field, 2)  # Levenshtein counts two for neighbours that changed places

    def create_sql(self, sql_dialect: SplinkDialect) -> str:
        by_edits: str = super().create_sql(sql_dialect)
        if sql_dialect.sql_dialect_str != "duckdb":
            return by_edits
        left, right = self.col_expression.name_l, self.col_expression.name_r
        return f"""case strlen({left}) - strlen({right}) when 0 then hamming({left}, {right}) <= 2
            when 1 then {by_edits} when -1 then {by_edits} else false end"""


def _crosswise(one: str, other: str) -> str:
    return f"{one}_l = {other}_r and {other}_l = {one}_r"


def _initial(field: str) -> str:
    one, other = (f"length({field}_{a}) = 1 and {field}_{a} = substr({field}_{b}, 1, 1)" for a, b in ("lr", "rl"))
    return f"({one}) or ({other})"


def _part(field: str) -> str:
    """One is how the other begins or ends: Max and Maximilian, Maier and Maier-Huber."""
    pairs = ((f"{field}_{a}", f"{field}_{b}") for a, b in ("lr", "rl"))
    whole = " or ".join(f"startswith({x}, {y}) or endswith({x}, {y})" for x, y in pairs)
    return f"length({field}_l) > 2 and length({field}_r) > 2 and ({whole})"
