"""Which customer a person record would belong to if the next run took it, asked of what the last run left.

Candidates, scores, vetoes and the cut are a run's, so that the answer is what a run with this record added decides.
Only what the record does to others is left out: a value that has one holder too many with it says nothing about the
record, but still what it said about them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from cdp.dataset import Dataset
from cdp.matching.candidates import key_hashes
from cdp.matching.clustering import Numbers, Scored, cut, in_reach
from cdp.matching.explain import PairExplained, explained
from cdp.matching.features import make_features
from cdp.matching.known import unpack
from cdp.matching.known_people import KnownPeople
from cdp.matching.matches import BALANCED
from cdp.matching.model import MatchModel
from cdp.matching.rules import MatchRules
from cdp.matching.scoring import Scorer
from cdp.steps import MatchEngine


@dataclass(frozen=True)
class Found:
    """The customers with whose person records a record would be one human; none if it is nobody known.

    Several are customers that the record would bring together, the likeliest first. `person_ids` are those person
    records, `chain` the ties among them and the record, the strongest first: left_id, right_id, match_probability.
    `closest` is the pair, with `closest_id`, that comes closest to one human, together or not.
    """

    customer_ids: tuple[str, ...] = ()
    person_ids: frozenset[str] = frozenset()
    chain: tuple[tuple[str, str, float], ...] = ()
    closest: PairExplained | None = None
    closest_id: str | None = None


@dataclass(frozen=True)
class _Asked:
    """A record in question: its number where it is known, else -1, features and blocking keys."""

    person_id: str
    number: int
    features: Mapping[str, str | None]
    keys: Mapping[str, int | None]


@dataclass(frozen=True)
class _Near:
    """The known records that a record was compared with, by number, and what came of it: rows of `score_pairs`."""

    records: Numbers
    ids: list[str]
    scores: pa.Table

    @property
    def chances(self) -> NDArray[np.float64]:
        chances: NDArray[np.float64] = self.scores["match_probability"].to_numpy()
        return chances


class Lookup:
    """Answers for one person record after another. The engine, DuckDB, is its own and holds few rows."""

    def __init__(self, people: KnownPeople, engine: MatchEngine, rules: MatchRules, model: MatchModel) -> None:
        self._people, self._engine, self._rules, self._model = people, engine, rules, model
        self._mode = rules.mode(BALANCED)
        self._scorer = Scorer(engine, rules, model)

    def find(self, record: Mapping[str, Any]) -> Found:
        """The customer of a record as `clean.customer` has it; columns that it lacks are null.

        A record that is known is asked for as if it were not: who else is it?
        """
        asked = self._take_in(record)
        candidates = self._people.sharing(asked.keys, asked.number)
        joined = self._people.decided_same(asked.number)
        records = self._people.in_reach_of(np.union1d(candidates, joined), asked.number)
        if not len(records):
            return Found()
        near = self._compare(asked, records)
        is_tie = np.isin(records, candidates) & (near.chances >= self._mode.reach)
        members = self._people.in_reach_of(np.union1d(records[is_tie], joined), asked.number)
        places = np.searchsorted(records, members)
        is_one = self._is_one(asked, members, near.chances[places], is_tie[places])
        return self._found(asked, near, places[is_one])

    def _take_in(self, record: Mapping[str, Any]) -> _Asked:
        """Make `person_feature` of the record."""
        person_id = f"{record['source']}:{record['source_customer_id']}"
        stated = dict(record)
        for kind in ("email", "phone"):
            if self._people.is_crowded(kind, stated.get(kind), person_id):
                stated[kind] = None
        schema = Dataset.load("clean.customer").arrow_schema()
        self._engine.register("clean_customer", pa.Table.from_pylist([stated], schema=schema))
        make_features(self._engine, self._rules)
        (row,) = self._engine.query(
            f"select *, {key_hashes(self._rules.blocking, self._engine.hash_function)} from person_feature"
        )
        keys = {name: row.pop(name) for name in [*row] if name.startswith("key_")}
        return _Asked(person_id, self._people.number_of(person_id), row, keys)

    def _compare(self, asked: _Asked, records: Numbers) -> _Near:
        rows = self._people.rows(records)
        own = {**asked.features, "part": 0, "against": 1}
        self._scorer.score([own, *_features(rows, part=1, against=0)], "near_score")
        scores = self._engine.arrow("near_score").read_all()
        other = pc.if_else(pc.equal(scores["left_id"], asked.person_id), scores["right_id"], scores["left_id"])
        return _Near(records, rows["person_id"].to_pylist(), scores.take(pc.sort_indices(other)))

    def _is_one(
        self, asked: _Asked, members: Numbers, chances: NDArray[np.float64], is_tie: NDArray[np.bool_]
    ) -> NDArray[np.bool_]:
        """Which of the members the cut leaves in one cluster with the record."""
        ids = self._people.rows(members)["person_id"].to_pylist()
        own = sum(i < asked.person_id for i in ids)  # the cut takes records in the order of their ids
        places = np.arange(len(members)) + (np.arange(len(members)) >= own)
        numbers = [*members.tolist(), asked.number]
        decisions = self._people.decisions_inside(dict(zip(numbers, [*places.tolist(), own], strict=True)))

        def with_own(pairs: Scored, which: NDArray[np.bool_]) -> Scored:
            left, right = (places[np.searchsorted(members, side)] for side in (pairs.left, pairs.right))
            return Scored(
                np.concatenate([left, np.minimum(places[which], own)]),
                np.concatenate([right, np.maximum(places[which], own)]),
                np.concatenate([pairs.probability, chances[which]]),
            )

        ties = with_own(self._people.ties.inside(members), is_tie)
        reach = in_reach(len(members) + 1, ties, decisions.same, self._mode)
        is_inside = reach[places] == reach[own]
        pairs = with_own(self._pairs_of(members[is_inside]), is_inside)
        component = np.where(reach == reach[own], reach, np.arange(len(reach)))
        clusters = cut(component, pairs, decisions, self._mode)
        return np.asarray(clusters[places] == clusters[own])

    def _pairs_of(self, records: Numbers) -> Scored:
        """All pairs of these records; where the last run had no reason to score each of them, they are scored now."""
        pairs = self._people.pairs.inside(records)
        if len(pairs.left) == len(records) * (len(records) - 1) // 2:
            return pairs
        rows = self._people.rows(records)
        self._scorer.score(_features(rows, part=1, against=1), "inside_score")
        scores = self._engine.arrow("inside_score").read_all()
        left, right = (records[pc.index_in(scores[c], rows["person_id"]).to_numpy()] for c in ("left_id", "right_id"))
        return Scored(left, right, scores["match_probability"].to_numpy())

    def _found(self, asked: _Asked, near: _Near, one: Numbers) -> Found:
        one = one[np.argsort(-near.chances[one], kind="stable")]
        bits = pc.subtract(near.scores["bits_one_human"], near.scores["doubt"]).to_numpy()
        some = one if len(one) else np.arange(len(near.records))
        best = int(some[np.lexsort((-bits[some], -near.chances[some]))[0]])
        rows = self._people.rows(near.records[[best, *one]])
        closest = near.ids[best]
        features = {asked.person_id: asked.features, closest: unpack(rows["features"][0].as_py())}
        (pair,) = near.scores.slice(best, 1).to_pylist()
        return Found(
            customer_ids=tuple(dict.fromkeys(rows["customer_id"].to_pylist()[1:])),
            person_ids=frozenset(near.ids[i] for i in one),
            chain=tuple(sorted(self._chain(asked, near, one), key=lambda tie: (-tie[2], tie))),
            closest=explained(pair, features, self._rules, self._model, is_together=len(one) > 0),
            closest_id=closest,
        )

    def _chain(self, asked: _Asked, near: _Near, one: Numbers) -> list[tuple[str, str, float]]:
        """Pairs in reach of each other among the records that are one human with the record, and it."""
        known = self._people.pairs.inside(np.sort(near.records[one]))
        names = dict(zip(near.records.tolist(), near.ids, strict=True))
        ties = [(near.ids[i], asked.person_id, float(near.chances[i])) for i in one]
        ties += [(names[a], names[b], p) for a, b, p in zip(*map(np.ndarray.tolist, vars(known).values()), strict=True)]
        return [(min(a, b), max(a, b), p) for a, b, p in ties if p >= self._mode.reach]


def _features(rows: pa.Table, **compared: int) -> Iterator[dict[str, Any]]:
    for person_id, features in zip(rows["person_id"].to_pylist(), rows["features"].to_pylist(), strict=True):
        yield {"person_id": person_id, **unpack(features), **compared}
