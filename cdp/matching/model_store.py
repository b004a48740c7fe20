"""Models are kept in the lake (`identity.match_model`): what was learnt, when and from which snapshot.

The latest for a version of the rules scores in every run until another one is learnt, so that a run changes nobody
whose records did not change.
"""

from __future__ import annotations

from datetime import datetime

import pyarrow as pa

from cdp.dataset import Dataset
from cdp.matching.model import MatchModel
from cdp.matching.rules import MatchRules
from cdp.steps import Engine

TABLE = "identity.match_model"
READS = (TABLE,)


def stored_model(engine: Engine, rules: MatchRules) -> MatchModel:
    """The model that scores: the latest that is stored for these rules, else the one that the rules ship."""
    found = engine.query(
        """select model from identity_match_model where rule_version = :rule_version
           order by trained_at desc, model_version limit 1""",
        {"rule_version": rules.rule_version},
    )
    return MatchModel.from_json(found[0]["model"]) if found else MatchModel.shipped(rules)


def as_row(model: MatchModel, trained_at: datetime, snapshot_id: int) -> pa.Table:
    """A model that was learnt from a snapshot of clean.customer, as a row of the table."""
    row = {
        "model_version": model.model_version,
        "rule_version": model.rule_version,
        "trained_at": trained_at,
        "snapshot_id": snapshot_id,
        "count_person_records": model.metadata["person_records"],
        "model": model.to_json(),
    }
    return pa.Table.from_pylist([row], schema=Dataset.load(TABLE).arrow_schema())
