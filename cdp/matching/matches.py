"""Person records → scored edges → clusters, on either engine: the steps that docs/identity.md promises.

The same records, rules, model and decisions give the same clusters, in whatever order the records came.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cdp.matching.candidates import find_candidates, find_pairs
from cdp.matching.clustering import Decisions, Numbers, Scored, connect, cut, in_reach
from cdp.matching.features import make_features
from cdp.matching.model import MatchModel
from cdp.matching.rules import MatchRules, Mode
from cdp.matching.scoring import score_pairs
from cdp.steps import MatchEngine, run_steps

BY_IDENTIFIER = ("person_record", "person_identifier", "edge", "matched")
BALANCED, DETERMINISTIC = "balanced", "deterministic"
MOST_IN_ONE_KEY = 100  # records that agree on a whole deterministic key; more are copies of one entry
# Within a component every pair counts, also one that shares no key.
UNSCORED = """
    select l.person_id as left_id, r.person_id as right_id
    from component l
    join component r on r.cluster_id = l.cluster_id
    left join candidate c on c.left_id = l.person_id and c.right_id = r.person_id
    where l.person_id < r.person_id and c.left_id is null"""
INSIDE = """
    select s.left_id, s.right_id, s.match_probability
    from scored_pair s
    join component l on l.person_id = s.left_id
    join component r on r.person_id = s.right_id and r.cluster_id = l.cluster_id"""
NO_DECISIONS = pa.schema([("left_id", pa.string()), ("right_id", pa.string()), ("is_same", pa.bool_())]).empty_table()


def resolve_matches(
    engine: MatchEngine,
    rules: MatchRules,
    decisions: pa.Table = NO_DECISIONS,
    model: MatchModel | None = None,
    mode: str = BALANCED,
) -> None:
    """Make the steps `person_record`, `edge`, `membership` and `matched` from `clean_customer`.

    `decisions` has the columns left_id, right_id and is_same; pairs with a person record that is not there are
    ignored. Without a model the one that the rules ship is used; rules that weigh nothing need neither model nor mode.
    """
    if not rules.comparisons:
        run_steps(engine, "identity", BY_IDENTIFIER, rules.parameters)
        join_all(engine, decisions)
        return
    make_features(engine, rules)
    if mode == DETERMINISTIC:
        find_pairs(engine, "agreeing", rules.deterministic, MOST_IN_ONE_KEY)
        ties = "select left_id, right_id, cast(1 as double) as match_probability, :rule_version as rule_version"
        engine.step("edge", f"{ties} from agreeing", rules.parameters)
        join_all(engine, decisions)
        score_pairs(engine, "agreeing", "scored", rules, model or MatchModel.shipped(rules))
        engine.step("matched", _matched("scored", rules))
        return
    find_candidates(engine, rules)
    join_by_score(engine, rules, model or MatchModel.shipped(rules), rules.mode(mode), decisions)


def join_all(engine: MatchEngine, decisions: pa.Table = NO_DECISIONS) -> None:
    """Make the step `membership` of all that the step `edge` connects."""
    people = People(engine)
    left, right = people.pairs(engine.arrow("edge").read_all())
    people.register(engine, "membership", connect(len(people), left, right, people.decisions(decisions)))


def join_by_score(
    engine: MatchEngine, rules: MatchRules, model: MatchModel, mode: Mode, decisions: pa.Table = NO_DECISIONS
) -> None:
    """Make the steps `edge`, `membership` and `matched` from `candidate` and `person_feature`."""
    score_pairs(engine, "candidate", "scored", rules, model)
    people = People(engine)
    decided = people.decisions(decisions)
    reach = in_reach(len(people), people.scored(engine, "scored", mode.reach), decided.same, mode)
    people.register(engine, "component", reach)
    engine.step("unscored_pair", UNSCORED)
    score_pairs(engine, "unscored_pair", "scored_inside", rules, model)
    engine.step("scored_pair", "select * from scored union all select * from scored_inside")
    engine.step("inside_pair", INSIDE)
    people.register(engine, "membership", cut(reach, people.scored(engine, "inside_pair", 0), decided, mode))
    engine.step(
        "edge",
        f"""select left_id, right_id, match_probability, :rule_version as rule_version
            from scored_pair where match_probability >= {mode.reach}""",
        rules.parameters,
    )
    engine.step("matched", _matched("scored_pair", rules))


def _matched(scored: str, rules: MatchRules) -> str:
    """Per person record the fields that speak for its ties within its cluster."""
    fields = [c.name for c in rules.comparisons]
    speaking = ", ".join(f"mw_{field}" for field in fields)
    named = ", ".join(f"max(case when mw_{field} > 0 then '{field}' end)" for field in fields)
    return f"""with inside as (
          select s.* from {scored} s
          join membership l on l.person_id = s.left_id
          join membership r on r.person_id = s.right_id and r.cluster_id = l.cluster_id
        ), side as (
          select left_id as person_id, {speaking} from inside union all select right_id, {speaking} from inside
        )
        select person_id, concat_ws(',', {named}) as matched_by from side group by person_id"""


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

    def scored(self, engine: MatchEngine, step: str, least: float) -> Scored:
        """The pairs of a step with at least this probability."""
        likely = f"select left_id, right_id, match_probability from {step} where match_probability >= {least}"
        engine.step("likely_pair", likely)
        rows = engine.arrow("likely_pair").read_all()
        left, right = self.pairs(rows)
        return Scored(left, right, rows["match_probability"].to_numpy())

    def register(self, engine: MatchEngine, name: str, labels: Numbers) -> None:
        """Make a step (person_id, cluster_id) of the records' labels."""
        names: Any = self._ids.take(pa.array(labels))
        engine.register(name, pa.table({"person_id": self._ids, "cluster_id": names}))
