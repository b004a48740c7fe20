"""A model is learnt from person records without any labels, the same one whatever order they come in.

What the records do not tell stays as the rules ship it. How: `estimation.py`, and docs/decisions/0008.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa

from cdp.engines.duckdb import DuckDBEngine
from cdp.matching.candidates import find_pairs
from cdp.matching.estimation import Patterns, estimate, rounded
from cdp.matching.model import Group, MatchModel
from cdp.matching.rules import Comparison, MatchRules
from cdp.matching.scoring import weigh_pairs
from cdp.steps import Engine

FEWEST_RECORDS = 1_000
SAMPLED_RECORDS = 700  # 244,650 pairs
# A value that fewer hold is not in the model: it is rare, and it is somebody's.
FEWEST_HOLDERS = 10
MOST_RECORDS = 100_000  # a hash of their ids chooses which; more teach nothing new
ALL_SAMPLED = """
    select l.number as left_number, r.number as right_number
    from sampled_feature l join sampled_feature r on l.number < r.number"""


def train(features: pa.Table | pa.RecordBatchReader, rules: MatchRules, metadata: Mapping[str, Any]) -> MatchModel:
    """The model that the rows of the step `person_feature` teach.

    Too few teach only how common values are; the rest is what the rules ship, and the metadata say so. `metadata` is
    kept in the model.
    """
    with closing(DuckDBEngine()) as engine:
        engine.register("stated_feature", features)
        engine.step("person_feature", _some("stated_feature", MOST_RECORDS))
        records = int(engine.query("select count(*) as n from stated_feature")[0]["n"])
        engine.forget("stated_feature")
        frequencies = {c.weighed_by: _frequencies(engine, c) for c in rules.comparisons if c.weighed_by}
        if records < FEWEST_RECORDS:
            reason = f"{records} person records are fewer than the {FEWEST_RECORDS} it takes to learn"
            shipped = MatchModel.shipped(rules, reason)
            return replace(shipped, frequencies=frequencies, metadata={**metadata, **shipped.metadata})
        learnt = {**metadata, "is_trained": True, "person_records": records}
        start = replace(MatchModel.shipped(rules), frequencies=frequencies, metadata=learnt)
        find_pairs(engine, "candidate", rules.blocking, rules.most_per_key)
        engine.step("sampled_feature", _some("person_feature", SAMPLED_RECORDS))
        engine.step("sampled_pair", ALL_SAMPLED)
        model = estimate(
            _patterns(engine, "candidate", rules, start),
            _patterns(engine, "sampled_pair", rules, start),
            rules,
            start,
            taught := min(records, MOST_RECORDS),
        )
        return _for_all(model, rules, taught, records)


def _some(step: str, count: int) -> str:
    return f"select * from {step} order by md5(person_id), person_id limit {count}"


def _patterns(engine: DuckDBEngine, pairs: str, rules: MatchRules, model: MatchModel) -> Patterns:
    """In how many ways the pairs of a step agree, and how many pairs do so; rarity to half a bit."""
    weigh_pairs(engine, pairs, rules, model)
    fields = {c.name: len(c.levels) - 1 for c in rules.comparisons}  # gamma counts from no agreement up
    levels = ", ".join(
        f"case when gamma_{f} < 0 then -1 else {top} - gamma_{f} end as {f}" for f, top in fields.items()
    )
    rarity = ", ".join(f"round(rare_{f} * 2) / 2 as rare_{f}" for f in fields)
    engine.step("pattern", f"select {levels}, {rarity}, count(*) as n from weighed_pair group by all order by all")
    rows = engine.arrow("pattern").read_all()
    return Patterns(
        {f: rows[f].to_numpy().astype(np.int64) for f in fields},
        {f: rows[f"rare_{f}"].to_numpy().astype(np.float64) for f in fields},
        rows["n"].to_numpy().astype(np.float64),
    )


def _for_all(model: MatchModel, rules: MatchRules, taught: int, records: int) -> MatchModel:
    """The model for all records when some taught it: each has as many doubles and relatives, but of more pairs."""
    share = taught / records
    grow = {group.name for group in rules.two_people if not group.shared}
    groups = {n: g if n in grow else Group(rounded(g.prior * share), g.shares) for n, g in model.groups.items()}
    return replace(model, prior=rounded(model.prior * share), groups=groups)


def _frequencies(engine: Engine, comparison: Comparison) -> dict[str, float]:
    """Share of each value that several records hold, and under "" the share of any other one.

    They are scaled so that two values agree as often as the comparison says that strangers' do: of what two random
    records have in common, some is one human's.
    """
    name = comparison.weighed_by
    rows = engine.query(
        f"""select {name} as value, count(*) as n, sum(count(*)) over () as stated
            from person_feature where {name} is not null group by {name} order by {name}"""
    )
    if not rows:
        return {"": 1.0}
    agreeing = sum(row["n"] ** 2 for row in rows) / int(rows[0]["stated"])
    scale = comparison.levels[0].u / agreeing
    rare = [row["n"] for row in rows if row["n"] < FEWEST_HOLDERS]
    shares = {row["value"]: rounded(row["n"] * scale) for row in rows if row["n"] >= FEWEST_HOLDERS}
    return {"": rounded((sum(n * n for n in rare) / sum(rare) if rare else 1) * scale), **shares}
