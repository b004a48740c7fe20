"""A model is learnt from person records without any labels, the same one whatever order they come in.

How often two people agree by chance (u) is counted over all pairs of a sample of records, which a hash of their ids
chooses. How often one person's records agree (m) is counted over pairs that a deterministic key makes one human, for
each field by the keys that do not hold it. What the records do not tell stays as the rules ship it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from typing import Any

import pyarrow as pa

from cdp.engines.duckdb import DuckDBEngine
from cdp.matching.candidates import pairs_sharing
from cdp.matching.model import MatchModel
from cdp.matching.rules import Comparison, MatchRules
from cdp.matching.scoring import linker_of, score_pairs
from cdp.steps import Engine

FEWEST_RECORDS = 1_000
SAMPLED_RECORDS = 1_000  # 499,500 pairs
# A value that fewer hold is not in the model: it is rare, and it is somebody's.
FEWEST_HOLDERS = 10
MOST_PER_KEY = 30
FOUND_BY_KEYS = 0.7  # of all pairs that are one human, a guess that need not be good: half of it is one bit
SHIPPED_PAIRS = 50  # as many pairs of one person's records do the shipped parameters weigh
UNSEEN_U = 5e-7  # of a level that no sampled pair had: less than one pair would make it
DIGITS = 6  # of a parameter; what lies beyond depends on the order in which sums were made

Parameters = Mapping[str, Sequence[tuple[float, float]]]


def train(features: pa.Table, rules: MatchRules, metadata: Mapping[str, Any]) -> MatchModel:
    """The model that the rows of the step `person_feature` teach.

    Too few teach only how common values are; the rest is what the rules ship, and the metadata say so. `metadata` is
    kept in the model.
    """
    with closing(DuckDBEngine()) as engine:
        engine.register("person_feature", features)
        frequencies = {name: _frequencies(engine, name) for name in _by_frequency(rules)}
        if features.num_rows < FEWEST_RECORDS:
            reason = f"{features.num_rows} person records are fewer than the {FEWEST_RECORDS} it takes to learn"
            shipped = MatchModel.shipped(rules, reason)
            return replace(shipped, frequencies=frequencies, metadata={**metadata, **shipped.metadata})
        model = MatchModel(
            rules.rule_version,
            _with_chance(engine, rules),
            _rounded(1 / features.num_rows),
            frequencies,
            {**metadata, "is_trained": True, "person_records": features.num_rows},
        )
        parameters = _with_agreement(engine, rules, model)
        return replace(model, parameters=parameters, prior=_prior(engine, features.num_rows))


def _by_frequency(rules: MatchRules) -> list[str]:
    return [level.fields[0] for c in rules.comparisons for level in c.levels if level.is_by_frequency]


def _frequencies(engine: Engine, name: str) -> dict[str, float]:
    """Share of each value that several records hold, and under "" the share of any other one."""
    rows = engine.query(
        f"""select {name} as value, count(*) as n, sum(count(*)) over () as stated
            from person_feature where {name} is not null group by {name} order by {name}"""
    )
    if not rows:
        return {"": 1.0}
    stated, rare = int(rows[0]["stated"]), [row["n"] for row in rows if row["n"] < FEWEST_HOLDERS]
    shares = {row["value"]: _rounded(row["n"] / stated) for row in rows if row["n"] >= FEWEST_HOLDERS}
    return {"": _rounded((sum(n * n for n in rare) / sum(rare) if rare else 1) / stated), **shares}


def _with_chance(engine: DuckDBEngine, rules: MatchRules) -> Parameters:
    """The shipped m, and u counted over all pairs of the sampled records where they state a field."""
    shipped = MatchModel.shipped(rules)
    engine.step(
        "sampled_feature", f"select * from person_feature order by md5(person_id), person_id limit {SAMPLED_RECORDS}"
    )
    with closing(DuckDBEngine()) as small:
        small.register("person_feature", engine.arrow("sampled_feature"))
        linker = linker_of(small, small.splink(), rules, shipped)
        linker.training.estimate_u_using_random_sampling(max_pairs=1e10, min_count_per_level=None, num_chunks=1)
        found = linker.misc.save_model_to_json(out_path=None)["comparisons"]
    counted = {c["output_column_name"]: [x.get("u_probability") for x in c["comparison_levels"][1:]] for c in found}
    return {
        name: [
            (m, _rounded(new) if isinstance(new, float) and new else min(u, UNSEEN_U))
            for (m, u), new in zip(levels, counted[name], strict=True)
        ]
        if _is_seen(counted[name])
        else levels
        for name, levels in shipped.parameters.items()
    }


def _is_seen(shares: Sequence[Any]) -> bool:
    return isinstance(shares[-1], float)


def _with_agreement(engine: DuckDBEngine, rules: MatchRules, model: MatchModel) -> Parameters:
    """m counted over pairs that are one human by a deterministic key, for each field by keys that do not hold it."""
    keys = " union all ".join(
        f"select left_id, right_id, {number} as key_number from ({pairs_sharing(key, MOST_PER_KEY)}) k"
        for number, key in enumerate(rules.deterministic)
    )
    tells = ", ".join(
        f"max(case when key_number in {_keys_without(c, rules)} then 1 else 0 end) as tells_{c.name}"
        for c in rules.comparisons
    )
    engine.step("telling_pair", f"select left_id, right_id, {tells} from ({keys}) k group by left_id, right_id")
    score_pairs(engine, "telling_pair", "told", rules, model)
    return {c.name: _counted(engine, c, model) for c in rules.comparisons}


def _prior(engine: Engine, records: int) -> float:
    """Share of all pairs that are one human, from those that the deterministic keys find."""
    found = engine.query("select count(*) as n from telling_pair")[0]["n"]
    return _rounded(max(found, 1) / FOUND_BY_KEYS / (records * (records - 1) / 2))


def _keys_without(comparison: Comparison, rules: MatchRules) -> str:
    exact = {level.fields[0] for level in comparison.levels if level.kind == "exact"}
    fields = exact | ({"names"} if exact & {"first_name", "last_name"} else set())
    numbers = [str(n) for n, key in enumerate(rules.deterministic) if not fields & set(key)]
    return f"({', '.join(numbers)})"


def _counted(engine: Engine, comparison: Comparison, model: MatchModel) -> list[tuple[float, float]]:
    name, levels = comparison.name, model.parameters[comparison.name]
    rows = engine.query(
        f"""select t.gamma_{name} as gamma, count(*) as n from told t
            join telling_pair p on p.left_id = t.left_id and p.right_id = t.right_id
            where p.tells_{name} = 1 and t.gamma_{name} >= 0 and t.veto is null group by t.gamma_{name}"""
    )
    found = {row["gamma"]: row["n"] for row in rows}
    # Gamma counts from no agreement up, the levels from the top down.
    counts = [found.get(len(levels) - 1 - n, 0) + SHIPPED_PAIRS * m for n, (m, _) in enumerate(levels)]
    return [(_rounded(n / sum(counts)), u) for n, (_, u) in zip(counts, levels, strict=True)]


def _rounded(share: float) -> float:
    return float(f"{share:.{DIGITS}g}")
