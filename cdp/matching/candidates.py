"""Which pairs of person records are worth scoring: those that share a key, unless too many share it."""

from __future__ import annotations

from collections.abc import Iterable

from cdp.matching.rules import MatchRules
from cdp.steps import Engine


def find_candidates(engine: Engine, rules: MatchRules) -> None:
    """Make the step `candidate` (left_id, right_id; left_id < right_id) from `person_feature`."""
    find_pairs(engine, "candidate", rules.blocking, rules.most_per_key)


def find_pairs(engine: Engine, into: str, keys: Iterable[tuple[str, ...]], most: int) -> None:
    """Make a step of the pairs (left_id, right_id) that agree on one of the keys, as long as at most `most` do."""
    engine.step(into, " union ".join(pairs_sharing(key, most) for key in keys))


def pairs_sharing(key: tuple[str, ...], most: int) -> str:
    """SQL for the pairs that agree on all fields of a key, where at most `most` records do."""
    columns = ", ".join(key)
    is_stated = " and ".join(f"{field} is not null" for field in key)
    is_shared = " and ".join(f"l.{field} = r.{field}" for field in key)
    shared = f"""select person_id, {columns} from (
            select person_id, {columns}, count(*) over (partition by {columns}) as sharing
            from person_feature where {is_stated}) k
        where sharing between 2 and {most}"""
    return f"""select l.person_id as left_id, r.person_id as right_id
        from ({shared}) l join ({shared}) r on {is_shared} where l.person_id < r.person_id"""
