"""The person records of the last run, found by what they share: blocking keys, each other's reach, a steward's word.

Numbers are places in the order of person ids. Everything is in memory, about 0.7 KB a record.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from cdp.matching.candidates import key_hashes
from cdp.matching.clustering import Decisions, Numbers, Scored, components
from cdp.matching.known import Known, unpacked
from cdp.matching.matches import BALANCED, NO_DECISIONS, People
from cdp.matching.model import MatchModel
from cdp.matching.rules import MatchRules
from cdp.steps import MatchEngine, run_steps

RECORD = """
    select k.person_id, k.features, p.customer_id
    from ({records}) k
    join identity_person p on concat_ws(':', p.source, p.source_customer_id) = k.person_id"""
CROWDED = """
    select {kind}, list(person_id) as person_ids
    from person_record where {kind} is not null group by {kind} having count(*) >= :most_per_{kind}"""
NONE: Numbers = np.empty(0, np.int64)


class NothingKnownError(Exception):
    """The last run left nothing for these rules and this model; the message says what to do."""


class Index:
    """Where in a column of numbers each value stands."""

    def __init__(self, values: NDArray[np.generic], places: Numbers | None = None) -> None:
        order = np.argsort(values, kind="stable")
        self._values = values[order]
        self._places = (order if places is None else places[order]).astype(np.int32)

    def of(self, value: object) -> Numbers:
        """The places of a value."""
        first = np.searchsorted(self._values, self._values.dtype.type(value), "left")
        last = np.searchsorted(self._values, self._values.dtype.type(value), "right")
        return self._places[first:last].astype(np.int64)


class Pairs:
    """Scored pairs, found by their records."""

    def __init__(self, scored: Scored) -> None:
        self._scored, self._left = scored, Index(scored.left)

    def inside(self, records: Numbers) -> Scored:
        """The pairs of which both records are among these."""
        places = np.concatenate([NONE, *(self._left.of(record) for record in records)])
        places = places[np.isin(self._scored.right[places], records)]
        return Scored(self._scored.left[places], self._scored.right[places], self._scored.probability[places])


class KnownPeople:
    """Read once, asked often.

    `pairs` are those whose score is known, `ties` those of them that may bring records into reach of each other.
    """

    def __init__(
        self, engine: MatchEngine, rules: MatchRules, model: MatchModel, decisions: pa.Table = NO_DECISIONS
    ) -> None:
        """From `clean_customer` and the published `identity_person`, `identity_match_record` and `_pair`.

        Raises NothingKnownError.
        """
        self._rules, reach = rules, rules.mode(BALANCED).reach
        known = Known.from_lake(rules, model, BALANCED)
        run_steps(engine, "identity", ("person_record",), rules.parameters)
        people = People(engine)
        engine.step("known_record", RECORD.format(records=known.records))
        self._records = engine.arrow("known_record").read_all().sort_by("person_id").combine_chunks()
        if len(self._records) != len(people):
            raise NothingKnownError(
                f"of {len(people):,} person records the last run left {len(self._records):,} for rules "
                f"{rules.rule_version} and the model that scores now; let a run pass and ask again"
            )
        self._crowded = {
            (kind, row[kind]): frozenset(row["person_ids"])
            for kind in ("email", "phone")
            for row in engine.query(CROWDED.format(kind=kind), rules.parameters)
        }
        engine.step("known_pair", known.pairs)
        self.decisions = people.decisions(decisions)
        pairs = engine.arrow("known_pair").read_all()
        self.pairs = Pairs(people.scored(pairs))
        ties = people.scored(pairs.filter((pc.field("match_probability") >= reach) & pc.field("is_candidate")))
        self.ties = Pairs(ties)
        same = np.array([*self.decisions.same], np.int64).reshape(-1, 2)
        self._reach = components(
            len(people), np.concatenate([ties.left, same[:, 0]]), np.concatenate([ties.right, same[:, 1]])
        )
        self._within_reach = Index(self._reach)
        self._holders = self._index_keys(engine)

    def number_of(self, person_id: str) -> int:
        """The number of a person record, -1 if it is not there."""
        return int(pc.index(self._records["person_id"], pa.scalar(person_id, self._records["person_id"].type)).as_py())

    def rows(self, records: Numbers) -> pa.Table:
        """person_id, features (packed) and customer_id of records."""
        return self._records.take(pa.array(records))

    def is_crowded(self, kind: str, identifier: str | None, person_id: str) -> bool:
        """Whether an e-mail address or phone says nothing once this record states it too."""
        holders = self._crowded.get((kind, identifier), frozenset())
        return len(holders - {person_id}) >= int(self._rules.parameters[f"most_per_{kind}"])

    def sharing(self, keys: Mapping[str, int | None], without: int) -> Numbers:
        """Records that share one of the keys with a record, unless too many do; keys as `key_hashes` names them."""
        found = [NONE]
        for name, value in keys.items():
            if value is not None:
                holders = self._holders[name].of(value)
                holders = holders[holders != without]
                found.append(holders if len(holders) < self._rules.most_per_key else NONE)
        records: Numbers = np.unique(np.concatenate(found))
        return records

    def in_reach_of(self, records: Numbers, without: int) -> Numbers:
        """The records and all that ties connect with them."""
        labels = np.unique(self._reach[records])
        found: Numbers = np.unique(np.concatenate([NONE, *(self._within_reach.of(label) for label in labels)]))
        others: Numbers = found[found != without]
        return others

    def decided_same(self, record: int) -> Numbers:
        """Records that a steward joined with this one."""
        pairs = (pair for pair in self.decisions.same if record in pair)
        return np.array(sorted(a + b - record for a, b in pairs), np.int64)

    def decisions_inside(self, places: Mapping[int, int]) -> Decisions:
        """A steward's decisions about the records that have a place, by places."""
        return Decisions(*(_placed(pairs, places) for pairs in (self.decisions.same, self.decisions.apart)))

    def _index_keys(self, engine: MatchEngine) -> dict[str, Index]:
        hashes = key_hashes(self._rules.blocking, engine.hash_function)
        engine.step("known_key", f"select person_id, {hashes} from ({unpacked('known_record', 'person_id')}) f")
        rows = engine.arrow("known_key").read_all()
        numbers = pc.index_in(rows["person_id"], self._records["person_id"]).to_numpy().astype(np.int64)
        indexes = {}
        for name in rows.column_names[1:]:
            is_stated = pc.is_valid(rows[name]).to_numpy()
            indexes[name] = Index(pc.drop_null(rows[name]).to_numpy(), numbers[is_stated])
        return indexes


def _placed(pairs: Iterable[tuple[int, int]], places: Mapping[int, int]) -> frozenset[tuple[int, int]]:
    inside = ((places[a], places[b]) for a, b in pairs if a in places and b in places)
    return frozenset((min(pair), max(pair)) for pair in inside)
