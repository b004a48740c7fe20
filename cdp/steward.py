"""What a steward says of two person records holds in every run until the steward says otherwise.

Decisions are only ever added, with who, when and why. Of those about one pair the latest counts, so that a merge
which a split has answered is as if it had never been. A decision about a person record that is not in clean waits;
when an erasure takes the record out of clean, the decision goes with it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

import pyarrow as pa

from cdp.dataset import Dataset
from cdp.steps import MatchEngine, run_steps

READS = ("identity.steward_decision",)
WRITES = {"identity.steward_decision": "steward_decision"}

STEPS = ("steward_decision", "decision")
EXAMPLE = '{"action": "merge", "person_ids": ["shop:S1", "crm:C7"], "decided_by": "ann", "reason": "same passport"}'


class StewardError(Exception):
    """A steward's request cannot be understood; the message says what to write."""


@dataclass(frozen=True)
class Decision:
    """Whether two person records are one human; `left_id` < `right_id`, both `source:source_customer_id`."""

    decision_id: str
    decided_at: datetime
    left_id: str
    right_id: str
    is_same: bool
    decided_by: str
    reason: str


def decisions_of(request: Mapping[str, Any], decided_at: datetime) -> list[Decision]:
    """What a request decides. Raises StewardError.

    `{"action", "person_ids", "decided_by", "reason"}`: merge makes all person records one human, split takes the
    first one away from each of the others.
    """
    action, said = request.get("action"), {name: str(request.get(name) or "") for name in ("decided_by", "reason")}
    ids = request.get("person_ids")
    if action not in ("merge", "split") or not all(said.values()):
        raise StewardError(f"action is merge or split, and decided_by and reason say who and why: {EXAMPLE}")
    if not isinstance(ids, list) or len({i for i in ids if _is_person_id(i)}) != len(ids) or len(ids) < 2:
        raise StewardError(f"person_ids are two or more different source:source_customer_id: {EXAMPLE}")
    pairs = pairwise(ids) if action == "merge" else ((ids[0], other) for other in ids[1:])
    return [_decision(sorted(pair), action == "merge", decided_at, **said) for pair in pairs]


def apply_decisions(engine: MatchEngine, pending: Iterable[Decision]) -> pa.Table:
    """Make the steps `steward_decision` (the table) and `decision` (what counts); the rows of the latter.

    They come from the table so far, `pending`, and `clean_customer`.
    """
    rows = [asdict(decision) for decision in pending]
    schema = Dataset.load("identity.steward_decision").arrow_schema()
    engine.register("pending_decision", pa.Table.from_pylist(rows, schema=schema))
    run_steps(engine, "identity", STEPS)
    return engine.arrow("decision").read_all()


def _is_person_id(value: Any) -> bool:
    return isinstance(value, str) and all(value.partition(":"))


def _decision(pair: list[str], is_same: bool, decided_at: datetime, decided_by: str, reason: str) -> Decision:
    content = "\n".join((*pair, str(is_same), decided_at.isoformat(), decided_by, reason))
    decision_id = hashlib.sha256(content.encode()).hexdigest()[:32]
    return Decision(decision_id, decided_at, pair[0], pair[1], is_same, decided_by, reason)
