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
from cdp.matching.known import Known, basis_of, keep, keep_nothing
from cdp.matching.model import MatchModel
from cdp.matching.rules import MatchRules, Mode
from cdp.matching.scoring import score_pairs
from cdp.steps import MatchEngine, run_steps

BY_IDENTIFIER = ("person_record", "person_identifier", "edge", "matched")
BALANCED, DETERMINISTIC = "balanced", "deterministic"
MOST_IN_ONE_KEY = 100  # records that agree on a whole deterministic key; more are copies of one entry
# A component that is as the last run knew it, and that no steward has decided about, keeps its clusters.
TOUCHED = """
    select c.cluster_id
    from component c
    left join known_record k on k.person_id = c.person_id
    left join changed_record x on x.person_id = c.person_id
    left join decided_record d on d.person_id = c.person_id
    left join (select component_id, count(*) as n from known_record group by component_id) b
      on b.component_id = c.cluster_id
    group by c.cluster_id
    having max(coalesce(b.n, 0)) <> count(*) or count(*) <>
      count(case when k.component_id = c.cluster_id and x.person_id is null and d.person_id is null then 1 end)"""
# Within a component every pair counts, also one that shares no key.
UNSCORED = """
    with member as (
      select c.person_id, c.cluster_id, f.number
      from component c
      join touched_component t on t.cluster_id = c.cluster_id
      join person_feature f on f.person_id = c.person_id
    )
    select l.number as left_number, r.number as right_number
    from member l
    join member r on r.cluster_id = l.cluster_id
    left join scored_pair s on s.left_id = l.person_id and s.right_id = r.person_id
    where l.number < r.number and s.left_id is null"""
TO_CUT = """
    select p.left_id, p.right_id, p.match_probability
    from scored_pair p
    join component l on l.person_id = p.left_id
    join component r on r.person_id = p.right_id and r.cluster_id = l.cluster_id
    join touched_component t on t.cluster_id = l.cluster_id"""
UNCUT = """
    select k.person_id, k.cluster_id
    from component c
    join known_record k on k.person_id = c.person_id
    left join touched_component t on t.cluster_id = c.cluster_id
    where t.cluster_id is null and k.cluster_id <> c.cluster_id"""
WORTH_KEEPING = """
    select p.left_id, p.right_id, p.match_probability, p.speaking,
      p.is_candidate and p.match_probability >= {reach} as is_candidate
    from scored_pair p
    join component l on l.person_id = p.left_id
    join component r on r.person_id = p.right_id
    where l.cluster_id = r.cluster_id or (p.is_candidate and p.match_probability >= {reach})"""
NOTHING = Known()
NO_DECISIONS = pa.schema([("left_id", pa.string()), ("right_id", pa.string()), ("is_same", pa.bool_())]).empty_table()


def resolve_matches(
    engine: MatchEngine,
    rules: MatchRules,
    decisions: pa.Table = NO_DECISIONS,
    model: MatchModel | None = None,
    mode: str = BALANCED,
    known: Known = NOTHING,
) -> None:
    """Make the steps `person_record`, `edge`, `membership` and `matched` from `clean_customer`.

    What is known of the last run saves work and changes no result; `match_record` and `match_pair` are what is known
    of this one (`cdp/matching/known.py`).

    `decisions` has the columns left_id, right_id and is_same; pairs with a person record that is not there are
    ignored. Without a model the one that the rules ship is used; rules that weigh nothing need neither model nor mode.
    """
    if not rules.comparisons:
        run_steps(engine, "identity", BY_IDENTIFIER, rules.parameters)
        join_all(engine, decisions)
        keep_nothing(engine)
        return
    make_features(engine, rules)
    if mode == DETERMINISTIC:
        find_pairs(engine, "agreeing", rules.deterministic, MOST_IN_ONE_KEY)
        score_pairs(engine, "agreeing", "scored", rules, model or MatchModel.shipped(rules))
        ties = "select left_id, right_id, cast(1 as double) as match_probability, :rule_version as rule_version"
        engine.step("edge", f"{ties} from scored where veto is null", rules.parameters)
        join_all(engine, decisions)
        engine.step("scored_pair", f"select left_id, right_id, {_speaking(rules)} as speaking from scored")
        engine.step("matched", _matched(rules))
        keep_nothing(engine)
        return
    model = model or MatchModel.shipped(rules)
    engine.step("known_record", known.records)
    engine.step("known_pair", known.pairs)
    find_candidates(engine, rules)
    join_by_score(engine, rules, model, rules.mode(mode), decisions)
    keep(engine, basis_of(rules, model, mode))


def join_all(engine: MatchEngine, decisions: pa.Table = NO_DECISIONS) -> None:
    """Make the step `membership` of all that the step `edge` connects."""
    people = People(engine)
    left, right = people.pairs(engine.arrow("edge").read_all())
    people.register(engine, "membership", connect(len(people), left, right, people.decisions(decisions)))


def join_by_score(
    engine: MatchEngine, rules: MatchRules, model: MatchModel, mode: Mode, decisions: pa.Table = NO_DECISIONS
) -> None:
    """Make the steps `edge`, `membership`, `matched` and `worth_keeping` from `candidate`, `kept_pair` and features."""
    score_pairs(engine, "candidate", "scored", rules, model, mode.reach)
    engine.step("scored_pair", f"{_scored('scored', 'true', rules)} union all select * from kept_pair")
    people = People(engine)
    decided = people.decisions(decisions)
    candidates = f"is_candidate and match_probability >= {mode.reach}"
    reach = in_reach(len(people), people.scored(engine, "scored_pair", candidates), decided.same, mode)
    people.register(engine, "component", reach)
    people.register_decided(engine, decided)
    engine.step("touched_component", TOUCHED)
    engine.step("unscored_pair", UNSCORED)
    score_pairs(engine, "unscored_pair", "scored_inside", rules, model)
    engine.step("scored_pair", f"select * from scored_pair union all {_scored('scored_inside', 'false', rules)}")
    engine.step("pair_to_cut", TO_CUT)
    engine.step("uncut_record", UNCUT)
    clusters = cut(reach, people.scored(engine, "pair_to_cut"), decided, mode)
    people.register(engine, "membership", people.relabelled(engine, "uncut_record", clusters))
    engine.step("worth_keeping", WORTH_KEEPING.format(reach=mode.reach))
    engine.step(
        "edge",
        f"""select left_id, right_id, match_probability, :rule_version as rule_version
            from worth_keeping where match_probability >= {mode.reach}""",
        rules.parameters,
    )
    engine.step("matched", _matched(rules))


def _scored(scored: str, is_candidate: str, rules: MatchRules) -> str:
    return f"""select left_id, right_id, match_probability, {_speaking(rules)} as speaking,
        {is_candidate} as is_candidate from {scored}"""


def _speaking(rules: MatchRules) -> str:
    """SQL for the fields that speak for a pair, each between commas."""
    named = ", ".join(f"case when mw_{c.name} > 0 then '{c.name}' end" for c in rules.comparisons)
    return f"concat(',', concat_ws(',', {named}), ',')"


def _matched(rules: MatchRules) -> str:
    """Per person record the fields that speak for its ties within its cluster."""
    named = ", ".join(f"max(case when speaking like '%,{c.name},%' then '{c.name}' end)" for c in rules.comparisons)
    return f"""with inside as (
          select s.left_id, s.right_id, s.speaking from scored_pair s
          join membership l on l.person_id = s.left_id
          join membership r on r.person_id = s.right_id and r.cluster_id = l.cluster_id
          where s.speaking <> ',,'
        ), side as (
          select left_id as person_id, speaking from inside union all select right_id, speaking from inside
        )
        select person_id, concat_ws(',', {named}) as matched_by from side group by person_id"""


class People:
    """The person records in the order of their ids, by number."""

    def __init__(self, engine: MatchEngine) -> None:
        engine.step("record_id", "select person_id from person_record")
        ids = engine.arrow("record_id").read_all()["person_id"].cast(pa.string()).combine_chunks()
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

    def scored(self, engine: MatchEngine, step: str, which: str = "true") -> Scored:
        """The pairs of a step for which a condition holds."""
        engine.step("likely_pair", f"select left_id, right_id, match_probability from {step} where {which}")
        rows = engine.arrow("likely_pair").read_all()
        left, right = self.pairs(rows)
        return Scored(left, right, rows["match_probability"].to_numpy())

    def relabelled(self, engine: MatchEngine, step: str, labels: Numbers) -> Numbers:
        """The labels, with those that a step (person_id, cluster_id) has in place of them."""
        rows = engine.arrow(step).read_all()
        places, names = (pc.index_in(rows[c], self._ids).to_numpy().astype(np.int64) for c in rows.column_names)
        changed = labels.copy()
        changed[places] = names
        return changed

    def register_decided(self, engine: MatchEngine, decisions: Decisions) -> None:
        """Make the step `decided_record` (person_id) of all that a steward decided about."""
        places = sorted({record for pair in (*decisions.same, *decisions.apart) for record in pair})
        engine.register("decided_record", pa.table({"person_id": self._ids.take(pa.array(places, pa.int64()))}))

    def register(self, engine: MatchEngine, name: str, labels: Numbers) -> None:
        """Make a step (person_id, cluster_id) of the records' labels."""
        names: Any = self._ids.take(pa.array(labels))
        engine.register(name, pa.table({"person_id": self._ids, "cluster_id": names}))
