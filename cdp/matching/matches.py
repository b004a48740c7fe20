"""Person records → scored edges → clusters, on either engine: the steps that docs/identity.md promises.

The same records, rules, model and decisions give the same clusters, in whatever order the records came.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cdp.matching.candidates import find_candidates, find_changes, find_pairs
from cdp.matching.clustering import Decisions, Numbers, Scored, connect, cut, in_reach
from cdp.matching.features import STATED, make_features
from cdp.matching.known import FEATURES_NOW, Known, basis_of, keep, keep_nothing, unpacked
from cdp.matching.model import MatchModel
from cdp.matching.rules import MatchRules, Mode
from cdp.matching.scoring import score_pairs
from cdp.steps import MatchEngine, run_steps

BY_IDENTIFIER = ("person_record", "held_identifier", "person_identifier", "edge", "matched")
BALANCED, DETERMINISTIC = "balanced", "deterministic"
MOST_IN_ONE_KEY = 100  # records that agree on a whole deterministic key; more are copies of one entry
# A component that is as the last run knew it, and that no steward has decided about, keeps its clusters. Others have a
# record that changed, was decided about or came from elsewhere, or had one that is there no more.
TOUCHED = """
    with touching as (
      select k.component_id as former_id, c.component_number
      from compared_record k
      left join component c on c.number = k.number
      left join decided_record d on d.number = k.number
      where k.is_changed = 1 or d.number is not null or k.component_id <> c.component_id
    )
    select component_number from touching where component_number is not null
    union
    select c.component_number from touching t join component c on c.component_id = t.former_id"""
# Within a component every pair counts, also one that shares no key.
UNSCORED = """
    with member as (
      select c.number, c.component_number
      from component c
      join touched_component t on t.component_number = c.component_number
    )
    select l.number as left_number, r.number as right_number
    from member l
    join member r on r.component_number = l.component_number
    left join scored_pair s on s.left_number = l.number and s.right_number = r.number
    where l.number < r.number and s.left_number is null"""
TO_CUT = """
    select p.left_number, p.right_number, p.match_probability
    from scored_pair p
    join component l on l.number = p.left_number
    join component r on r.number = p.right_number and r.component_number = l.component_number
    join touched_component t on t.component_number = l.component_number"""
UNCUT = """
    select k.number, s.number as cluster_number
    from compared_record k
    join component c on c.number = k.number
    join compared_record s on s.person_id = k.cluster_id
    left join touched_component t on t.component_number = c.component_number
    where t.component_number is null and k.cluster_id <> k.component_id"""
WORTH_KEEPING = """
    select l.person_id as left_id, r.person_id as right_id, p.match_probability, p.speaking_bits,
      p.is_candidate and p.match_probability >= {reach} as is_candidate
    from scored_pair p
    join component l on l.number = p.left_number
    join component r on r.number = p.right_number
    where l.component_number = r.component_number or (p.is_candidate and p.match_probability >= {reach})"""
TO_SCORE = unpacked(
    f"(select f.person_id, f.number, f.features from {FEATURES_NOW} f join record_to_score r on r.number = f.number)",
    "person_id",
    "number",
)
NUMBERED = "(select person_id, row_number() over (order by person_id) - 1 as number from person_record)"
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
    if mode == DETERMINISTIC:
        make_features(engine, rules)
        find_pairs(engine, "agreeing", rules.deterministic, MOST_IN_ONE_KEY)
        score_pairs(engine, "agreeing", "scored", rules, model or MatchModel.shipped(rules))
        ties = "select left_id, right_id, cast(1 as double) as match_probability, :rule_version as rule_version"
        engine.step("edge", f"{ties} from scored where veto is null", rules.parameters)
        join_all(engine, decisions)
        engine.step(
            "scored_pair",
            f"select left_number, right_number, {_speaking_bits(rules)} as speaking_bits from scored",
        )
        engine.step("matched", _matched(rules))
        keep_nothing(engine)
        return
    model = model or MatchModel.shipped(rules)
    run_steps(engine, "identity", STATED, rules.parameters)
    find_changes(engine, rules, known)
    find_candidates(engine, rules, known)
    join_by_score(engine, rules, model, rules.mode(mode), decisions)
    keep(engine, basis_of(rules, model, mode))


def join_all(engine: MatchEngine, decisions: pa.Table = NO_DECISIONS) -> None:
    """Make the step `membership` of all that the step `edge` connects."""
    people = People(engine)
    left, right = people.pairs(engine.arrow("edge").read_all())
    people.register(engine, "membership", cluster=connect(len(people), left, right, people.decisions(decisions)))


def join_by_score(
    engine: MatchEngine, rules: MatchRules, model: MatchModel, mode: Mode, decisions: pa.Table = NO_DECISIONS
) -> None:
    """Make the steps `edge`, `membership`, `matched` and `worth_keeping` from `candidate`, `kept_pair` and features."""
    score_pairs(engine, "candidate", "scored", rules, model, mode.reach, TO_SCORE)
    engine.step("scored_pair", f"{_scored('scored', 'true', rules)} union all select * from kept_pair")
    people = People(engine, "compared_record")
    decided = people.decisions(decisions)
    candidates = f"select * from scored_pair where is_candidate and match_probability >= {mode.reach}"
    reach = in_reach(len(people), _numbered(engine, candidates), decided.same, mode)
    people.register(engine, "component", component=reach)
    engine.register("decided_record", pa.table({"number": pa.array(sorted(decided.records), pa.int64())}))
    engine.step("touched_component", TOUCHED)
    engine.step("unscored_pair", UNSCORED)
    score_pairs(engine, "unscored_pair", "scored_inside", rules, model, features=TO_SCORE)
    engine.step("scored_pair", f"select * from scored_pair union all {_scored('scored_inside', 'false', rules)}")
    engine.step("uncut_record", UNCUT)
    clusters = cut(reach, _numbered(engine, TO_CUT), decided, mode)
    uncut = engine.arrow("uncut_record").read_all()
    clusters[uncut["number"].to_numpy()] = uncut["cluster_number"].to_numpy()
    people.register(engine, "membership", cluster=clusters, component=reach)
    engine.step("worth_keeping", WORTH_KEEPING.format(reach=mode.reach))
    engine.step(
        "edge",
        f"""select left_id, right_id, match_probability, :rule_version as rule_version
            from worth_keeping where match_probability >= {mode.reach}""",
        rules.parameters,
    )
    engine.step("matched", _matched(rules))


def _numbered(engine: MatchEngine, pairs: str) -> Scored:
    """The pairs (left_number, right_number, match_probability) of SQL."""
    engine.step("likely_pair", f"select left_number, right_number, match_probability from ({pairs}) p")
    rows = engine.arrow("likely_pair").read_all()
    left, right = (rows[side].to_numpy().astype(np.int64) for side in ("left_number", "right_number"))
    return Scored(left, right, rows["match_probability"].to_numpy())


def _scored(scored: str, is_candidate: str, rules: MatchRules) -> str:
    return f"""select left_number, right_number, match_probability, {_speaking_bits(rules)} as speaking_bits,
        {is_candidate} as is_candidate from {scored}"""


def _speaking_bits(rules: MatchRules) -> str:
    """SQL for the fields that speak for a pair, a bit each, in the order of the rules."""
    return " + ".join(f"case when mw_{c.name} > 0 then {1 << n} else 0 end" for n, c in enumerate(rules.comparisons))


def _matched(rules: MatchRules) -> str:
    """Per person record the fields that speak for its ties within its cluster."""
    named = ", ".join(
        f"case when s.speaking_bits & {1 << n} > 0 then '{c.name}' end" for n, c in enumerate(rules.comparisons)
    )
    return f"""with inside as (
          select s.left_number, s.right_number, s.speaking_bits from scored_pair s
          join membership l on l.number = s.left_number
          join membership r on r.number = s.right_number and r.cluster_number = l.cluster_number
          where s.speaking_bits > 0
        ), side as (
          select left_number as number, speaking_bits from inside
          union all
          select right_number, speaking_bits from inside
        ), spoken_for as (
          select number, bit_or(speaking_bits) as speaking_bits from side group by number
        )
        select m.person_id, concat_ws(',', {named}) as matched_by
        from spoken_for s
        join membership m on m.number = s.number"""


class People:
    """The person records in the order of their ids, by number."""

    def __init__(self, engine: MatchEngine, numbered: str = NUMBERED) -> None:
        engine.step("record_id", f"select person_id, number from {numbered} n where number is not null")
        rows = engine.arrow("record_id").read_all()
        self._ids = rows["person_id"].cast(pa.string()).take(np.argsort(rows["number"].to_numpy())).combine_chunks()

    def __len__(self) -> int:
        return len(self._ids)

    def pairs(self, rows: pa.Table) -> tuple[Numbers, Numbers]:
        """Numbers of left_id and right_id, the smaller first; -1 for a record that is not there."""
        sides = (pc.fill_null(pc.index_in(rows[c], self._ids), -1) for c in ("left_id", "right_id"))
        left, right = (side.to_numpy(zero_copy_only=False).astype(np.int64) for side in sides)
        return np.minimum(left, right), np.maximum(left, right)

    def decisions(self, rows: pa.Table) -> Decisions:
        """A steward's decisions about records that are there."""
        decided = rows.to_pylist()
        named = pa.array([row[side] for row in decided for side in ("left_id", "right_id")], pa.string())
        places = np.flatnonzero(pc.is_in(self._ids, named))
        number = dict(zip(self._ids.take(pa.array(places)).to_pylist(), places.tolist(), strict=True))
        found: Mapping[bool, set[tuple[int, int]]] = {True: set(), False: set()}
        for row in decided:
            left, right = sorted(number.get(row[side], -1) for side in ("left_id", "right_id"))
            if left >= 0 and left != right:
                found[bool(row["is_same"])].add((left, right))
        return Decisions(frozenset(found[True]), frozenset(found[False]))

    def scored(self, rows: pa.Table) -> Scored:
        """Pairs (left_id, right_id, match_probability) by number."""
        left, right = self.pairs(rows)
        return Scored(left, right, rows["match_probability"].to_numpy())

    def register(self, engine: MatchEngine, name: str, **labels: Numbers) -> None:
        """Make a step (person_id, number and, for each kind of label, <kind>_id and <kind>_number)."""
        rows = pa.table({"person_id": self._ids, "number": np.arange(len(self))})
        for kind, label in labels.items():
            rows = rows.append_column(f"{kind}_id", self._ids.take(pa.array(label)))
            rows = rows.append_column(f"{kind}_number", pa.array(label))
        engine.register(name, rows)
