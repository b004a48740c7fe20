"""Which pairs of person records are worth scoring: those that share a key, unless too many share it.

Of pairs whose two records are as the last run knew them only those are looked at again that a key may have gained or
lost, because the number of records that share it went over the limit or came back under it.
"""

from __future__ import annotations

from collections.abc import Iterable

from cdp.matching.known import FEATURES, PACKED, unpacked
from cdp.matching.rules import MatchRules
from cdp.steps import Engine

# A pair of known records that shares a key which grew beyond the limit may have lost what made it a candidate.
IN_DOUBT = """
    select p.left_id, p.right_id
    from unchanged_pair p
    join grown_key l on l.number = p.left_number
    join grown_key r on r.number = p.right_number and r.key_number = l.key_number and r.value = l.value
    where p.is_candidate
    group by p.left_id, p.right_id"""
# In the order of their ids, so that pairs are two numbers until they are few.
NUMBERED = """
    select f.*, row_number() over (order by f.person_id) as number,
      case when c.person_id is null then 0 else 1 end as is_changed
    from person_feature f
    left join changed_record c on c.person_id = f.person_id"""
UNCHANGED = """
    select l.number as left_number, r.number as right_number, p.*
    from known_pair p
    join numbered_feature l on l.person_id = p.left_id and l.is_changed = 0
    join numbered_feature r on r.person_id = p.right_id and r.is_changed = 0"""
DOUBTED = """
    select f.*
    from person_feature f
    join (select left_id as person_id from doubted_pair union select right_id from doubted_pair) d
      on d.person_id = f.person_id"""
KEPT = """
    select p.left_id, p.right_id, p.match_probability, p.speaking,
      n.left_number is not null or (p.is_candidate and (d.left_id is null or s.left_id is not null)) as is_candidate
    from unchanged_pair p
    left join found_pair n on n.left_number = p.left_number and n.right_number = p.right_number
    left join doubted_pair d on d.left_id = p.left_id and d.right_id = p.right_id
    left join sharing_pair s on s.left_id = p.left_id and s.right_id = p.right_id"""
UNKNOWN = """
    select l.person_id as left_id, r.person_id as right_id
    from found_pair f
    join numbered_feature l on l.number = f.left_number
    join numbered_feature r on r.number = f.right_number
    left join unchanged_pair k on k.left_number = f.left_number and k.right_number = f.right_number
    where k.left_id is null"""


def find_candidates(engine: Engine, rules: MatchRules) -> None:
    """Make the steps `candidate` (left_id, right_id; left_id < right_id), to be scored, and `kept_pair`, scored before.

    Together they are all pairs of `person_feature` that share a key and may be one human; `kept_pair` also has known
    pairs that are no candidates. `known_record` and `known_pair` are what the last run found out, or empty.
    """
    _find_changes(engine)
    engine.step("numbered_feature", NUMBERED)
    engine.step("unchanged_pair", UNCHANGED)
    keys = list(enumerate(rules.blocking))
    for number, key in keys:
        engine.step(f"touched_key_{number}", _touched(key, rules.most_per_key))
    for number, key in keys:
        engine.step(f"pair_of_key_{number}", _pairs_touched(number, key))
    # One key after the other: all joins at once would not fit into the engine's memory.
    engine.step("found_pair", " union ".join(f"select left_number, right_number from pair_of_key_{n}" for n, _ in keys))
    engine.step("grown_key", " union all ".join(_grown(number, key) for number, key in keys))
    engine.step("doubted_pair", IN_DOUBT)
    engine.step("doubted_feature", DOUBTED)
    engine.step("sharing_pair", " union ".join(_still_sharing(key, rules.most_per_key) for key in rules.blocking))
    engine.step("kept_pair", KEPT)
    engine.step("candidate", UNKNOWN)


def find_pairs(engine: Engine, into: str, keys: Iterable[tuple[str, ...]], most: int) -> None:
    """Make a step of the pairs (left_id, right_id) that agree on one of the keys, as long as at most `most` do."""
    engine.step(into, " union ".join(pairs_sharing(key, most) for key in keys))


def pairs_sharing(key: tuple[str, ...], most: int) -> str:
    """SQL for the pairs that agree on all fields of a key, where at most `most` records do."""
    columns = ", ".join(key)
    shared = f"""select person_id, {columns} from (
            select person_id, {columns}, count(*) over (partition by {columns}) as sharing
            from person_feature where {_is_stated(key)}) k
        where sharing between 2 and {most}"""
    return f"""select l.person_id as left_id, r.person_id as right_id
        from ({shared}) l join ({shared}) r on {_same(key, "l", "r")} where l.person_id < r.person_id"""


def _find_changes(engine: Engine) -> None:
    """Make `changed_record` (new, gone or other than known) and `changed_feature`, their features before and now."""
    engine.step("packed_feature", f"select f.person_id, {PACKED} as features from person_feature f")
    engine.step(
        "changed_record",
        """select coalesce(n.person_id, o.person_id) as person_id
            from packed_feature n full join known_record o on o.person_id = n.person_id
            where n.person_id is null or o.person_id is null or n.features <> o.features""",
    )
    changed = "f join changed_record c on c.person_id = f.person_id"
    stated = ", ".join(f"f.{name}" for name in FEATURES)
    engine.step(
        "changed_feature",
        f"""select {unpacked("f.features")}, 1 as was from known_record {changed}
            union all select {stated}, 0 as was from person_feature {changed}""",
    )


def _touched(key: tuple[str, ...], most: int) -> str:
    """SQL for the records that hold a value of the key which a changed record has or had, with how many share it now
    and shared it before."""
    columns, held = ", ".join(key), ", ".join(f"f.{name}" for name in key)
    return f"""with value as (
          select {columns}, sum(was) as gone from changed_feature where {_is_stated(key)} group by {columns}
        ), holder as (
          select f.number, {held}, v.gone, f.is_changed
          from numbered_feature f
          join value v on {_same(key, "f", "v")}
        )
        select number, {columns}, is_changed,
          case when count(*) over same <= {most} then 1 else 0 end as is_key,
          case when count(*) over same - sum(is_changed) over same + gone <= {most} then 1 else 0 end as was_key
        from holder
        window same as (partition by {columns})"""


def _pairs_touched(number: int, key: tuple[str, ...]) -> str:
    return f"""select l.number as left_number, r.number as right_number
        from touched_key_{number} l
        join touched_key_{number} r on {_same(key, "l", "r")}
        where l.number < r.number and l.is_key = 1 and r.is_key = 1
          and l.is_changed + r.is_changed + 1 - l.was_key > 0"""


def _grown(number: int, key: tuple[str, ...]) -> str:
    return f"""select number, {number} as key_number, concat_ws(chr(0), {", ".join(key)}) as value
        from touched_key_{number} where is_key = 0 and was_key = 1 and is_changed = 0"""


def _still_sharing(key: tuple[str, ...], most: int) -> str:
    """SQL for the doubted pairs that share a value of the key which at most `most` records do."""
    columns, left, held = ", ".join(key), *(", ".join(f"{side}.{name}" for name in key) for side in "lf")
    return f"""select s.left_id, s.right_id from (
          select d.left_id, d.right_id, {left}
          from doubted_pair d
          join doubted_feature l on l.person_id = d.left_id
          join doubted_feature r on r.person_id = d.right_id and {_same(key, "l", "r")}
        ) s
        join (
          select {held} from person_feature f
          join (select distinct {columns} from doubted_feature where {_is_stated(key)}) v on {_same(key, "f", "v")}
          group by {held} having count(*) <= {most}
        ) k on {_same(key, "s", "k")}"""


def _is_stated(key: tuple[str, ...]) -> str:
    return " and ".join(f"{name} is not null" for name in key)


def _same(key: tuple[str, ...], one: str, other: str) -> str:
    return " and ".join(f"{one}.{name} = {other}.{name}" for name in key)
