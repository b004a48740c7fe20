"""Person records → scored edges → clusters, on either engine: the steps that docs/identity.md promises."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cdp.matching.clustering import Decisions, Numbers, connect
from cdp.matching.rules import MatchRules
from cdp.steps import Engine, run_steps

DETERMINISTIC = ("person_record", "person_identifier", "edge", "matched")
NO_DECISIONS = pa.schema([("left_id", pa.string()), ("right_id", pa.string()), ("is_same", pa.bool_())]).empty_table()


class MatchEngine(Engine, Protocol):
    """An engine that gives rows to Python and takes them back."""

    def register(self, name: str, rows: pa.Table) -> None:
        """Give the steps an Arrow table under a name."""

    def arrow(self, name: str) -> pa.RecordBatchReader:
        """Stream the rows of a step or input."""


def resolve_matches(engine: MatchEngine, rules: MatchRules, decisions: pa.Table = NO_DECISIONS) -> None:
    """Make the steps `person_record`, `edge`, `membership` and `matched` from `clean_customer`.

    `decisions` has the columns left_id, right_id and is_same; pairs with a person record that is not there are
    ignored.
    """
    run_steps(engine, "identity", DETERMINISTIC, rules.parameters)
    people = People(engine)
    left, right = people.pairs(engine.arrow("edge").read_all())
    people.register(engine, connect(len(people), left, right, people.decisions(decisions)))


class People:
    """The person records in the order of their ids, by number."""

    def __init__(self, engine: MatchEngine) -> None:
        ids = engine.arrow("person_record").read_all()["person_id"].cast(pa.string()).combine_chunks()
        self._ids = ids.take(pc.sort_indices(ids))

    def __len__(self) -> int:
        return len(self._ids)

    def pairs(self, rows: pa.Table) -> tuple[Numbers, Numbers]:
        """Numbers of left_id and right_id, the smaller first; -1 for a record that is not there."""
        sides = (pc.fill_null(pc.index_in(rows[c], self._ids), -1) for c in ("left_id", "right_id"))
        left, right = (side.to_numpy(zero_copy_only=False).astype(np.int64) for side in sides)
        return np.minimum(left, right), np.maximum(left, right)

    def decisions(self, rows: pa.Table) -> Decisions:
        """A steward's decisions about records that are there."""
        found: Mapping[bool, set[tuple[int, int]]] = {True: set(), False: set()}
        for left, right, is_same in zip(*self.pairs(rows), rows["is_same"].to_pylist(), strict=True):
            if left >= 0 and left != right:
                found[bool(is_same)].add((int(left), int(right)))
        return Decisions(frozenset(found[True]), frozenset(found[False]))

    def register(self, engine: MatchEngine, labels: Numbers) -> None:
        """Make the step `membership` of the records' labels."""
        names: Any = self._ids.take(pa.array(labels))
        engine.register("membership", pa.table({"person_id": self._ids, "cluster_id": names}))
