"""Which pairs of person records are worth scoring: those that share a key, unless too many share it.

Of pairs whose two records are as the last run knew them only those are looked at again that a key may have gained or
lost, because the number of records that share it went over the limit or came back under it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from cdp.matching.features import describe
from cdp.matching.known import FEATURES_NOW, PACKED, Known, unpacked
from cdp.matching.rules import MatchRules
from cdp.steps import Engine, MatchEngine

# A pair of known records that shares a key which grew beyond the limit may have lost what made it a candidate.
IN_DOUBT = """
    select distinct p.left_number, p.right_number
    from unchanged_pair p
    join grown_key l on l.number = p.left_number
    join grown_key r on r.number = p.right_number and r.key_name = l.key_name and r.value = l.value
    where p.is_candidate"""
UNCHANGED = """
    select l.number as left_number, r.number as right_number,
      p.match_probability, p.speaking_bits, p.is_candidate
    from ({pairs}) p
    join compared_record l on l.person_id = p.left_id
    join compared_record r on r.person_id = p.right_id
    where l.is_changed = 0 and r.is_changed = 0"""
# A person record now beside what was known of it; one that is gone has no number, one that is new nothing known.
COMPARED = """
    select coalesce(n.person_id, o.person_id) as person_id, n.number, n.stated,
      o.features, o.component_id, o.cluster_id,
      case when n.stated = o.stated then 0 else 1 end as is_changed
    from stated_record n
    full join ({records}) o on o.person_id = n.person_id"""
FORMER = "(select features from compared_record where is_changed = 1 and features is not null)"
DOUBTED = """
    select k.*
    from person_key k
    join (select left_number as number from doubted_pair union select right_number from doubted_pair) d
      on d.number = k.number"""
KEPT = """
    select p.left_number, p.right_number, p.match_probability, p.speaking_bits,
      n.left_number is not null or (p.is_candidate and (d.left_number is null or s.left_number is not null))
        as is_candidate
    from unchanged_pair p
    left join found_pair n on n.left_number = p.left_number and n.right_number = p.right_number
    left join doubted_pair d on d.left_number = p.left_number and d.right_number = p.right_number
    left join sharing_pair s on s.left_number = p.left_number and s.right_number = p.right_number"""
UNKNOWN = """
    select f.left_number, f.right_number
    from found_pair f
    left join unchanged_pair k on k.left_number = f.left_number and k.right_number = f.right_number
    where k.left_number is null"""


def find_changes(engine: MatchEngine, rules: MatchRules, known: Known) -> None:
    """Make the steps `compared_record`, `changed_record` and, of its records, `packed_feature`, after those of STATED.

    A record that states what it stated has the features that are known of it: with them it is in FEATURES_NOW.
    """
    engine.step("compared_record", COMPARED.format(records=known.records))
    engine.forget("stated_record")
    engine.step("changed_record", "select person_id, number from compared_record where is_changed = 1")
    describe(engine, rules, "changed_record")
    engine.step("packed_feature", f"select f.number, {PACKED} as features from person_feature f")
    # What a record states is in its features now; of the record its ids are left.
    engine.step("person_record", "select person_id, source, source_customer_id from person_record")
    engine.forget("described_record", "plain_text", "person_feature")


def find_candidates(engine: MatchEngine, rules: MatchRules, known: Known) -> None:
    """Make the steps `candidate` (left_number < right_number), to be scored, and `kept_pair`, scored before.

    Together they are all pairs of person records that share a key and may be one human; `kept_pair` also has known
    pairs that are no candidates.
    """
    hashes = key_hashes(rules.blocking, engine.hash_function)
    features = unpacked(FEATURES_NOW, "number", "is_changed")
    engine.step("person_key", f"select number, is_changed, {hashes} from ({features}) f")
    engine.step("former_key", f"select {hashes} from ({unpacked(FORMER)}) f")
    engine.step("unchanged_pair", UNCHANGED.format(pairs=known.pairs))
    keys = [f"key_{number}" for number in range(len(rules.blocking))]
    for key in keys:
        engine.step(f"touched_{key}", _touched(key, rules.most_per_key))
    for key in keys:
        engine.step(f"pair_of_{key}", _pairs_touched(key))
    # One key after the other: all joins at once would not fit into the engine's memory.
    engine.step("found_pair", " union ".join(f"select left_number, right_number from pair_of_{key}" for key in keys))
    engine.forget(*(f"pair_of_{key}" for key in keys))
    engine.step("grown_key", " union all ".join(_grown(key) for key in keys))
    engine.step("doubted_pair", IN_DOUBT)
    engine.step("doubted_key", DOUBTED)
    engine.step("doubted_value", " union all ".join(_doubted_value(key) for key in keys))
    engine.step("sharing_pair", " union ".join(_still_sharing(key, rules.most_per_key) for key in keys))
    engine.forget("person_key", "former_key", "doubted_key", "doubted_value", *(f"touched_{key}" for key in keys))
    engine.step("kept_pair", KEPT)
    engine.step("candidate", UNKNOWN)
    engine.forget("found_pair", "unchanged_pair")


def key_hashes(keys: Sequence[tuple[str, ...]], function: str) -> str:
    """SQL for a number per blocking key, `key_0` and so on: records with the same number share it, null shares none.

    `function` is the engine's, of any columns to 64 bits: among a million records less than one run in a million
    takes two values of a key for one.
    """
    hashes = (
        f"case when {_is_stated(key)} then {function}({', '.join(key)}) end as key_{n}" for n, key in enumerate(keys)
    )
    return ", ".join(hashes)


def find_pairs(engine: Engine, into: str, keys: Iterable[tuple[str, ...]], most: int) -> None:
    """Make a step of the pairs (left_number < right_number) that agree on one of the keys, if at most `most` do."""
    engine.step(into, " union ".join(pairs_sharing(key, most) for key in keys))


def pairs_sharing(key: tuple[str, ...], most: int) -> str:
    """SQL for the pairs that agree on all fields of a key, where at most `most` records do."""
    columns = ", ".join(key)
    shared = f"""select number, {columns} from (
            select number, {columns}, count(*) over (partition by {columns}) as sharing
            from person_feature where {_is_stated(key)}) k
        where sharing between 2 and {most}"""
    return f"""select l.number as left_number, r.number as right_number
        from ({shared}) l join ({shared}) r on {_same(key, "l", "r")} where l.number < r.number"""


def _touched(key: str, most: int) -> str:
    """SQL for the records that hold a value of the key which a changed record has or had, if at most `most` share it
    now or shared it before."""
    return f"""with touched as (
          select {key} as value, 0 as was from person_key where is_changed = 1
          union all
          select {key}, 1 as was from former_key
        ), touched_value as (
          select value, sum(was) as gone from touched where value is not null group by value
        ), holder as (
          select k.number, k.{key} as value, k.is_changed, v.gone
          from person_key k
          join touched_value v on v.value = k.{key}
        ), counted as (
          select value, count(*) as sharing, count(*) - sum(is_changed) + max(gone) as shared from holder group by value
        ), shared_value as (
          select value,
            case when sharing <= {most} then 1 else 0 end as is_key,
            case when shared <= {most} then 1 else 0 end as was_key
          from counted where sharing > 1 and least(sharing, shared) <= {most}
        )
        select h.number, h.value, h.is_changed, s.is_key, s.was_key
        from holder h
        join shared_value s on s.value = h.value"""


def _pairs_touched(key: str) -> str:
    return f"""select l.number as left_number, r.number as right_number
        from touched_{key} l
        join touched_{key} r on r.value = l.value
        where l.number < r.number and l.is_key = 1 and r.is_key = 1
          and l.is_changed + r.is_changed + 1 - l.was_key > 0"""


def _grown(key: str) -> str:
    return f"""select number, '{key}' as key_name, value
        from touched_{key} where is_key = 0 and was_key = 1 and is_changed = 0"""


def _doubted_value(key: str) -> str:
    """SQL for the values of the key that doubted pairs share."""
    return f"""select d.left_number, d.right_number, '{key}' as key_name, l.{key} as value
        from doubted_pair d
        join doubted_key l on l.number = d.left_number
        join doubted_key r on r.number = d.right_number and r.{key} = l.{key}"""


def _still_sharing(key: str, most: int) -> str:
    """SQL for the doubted pairs that share a value of the key which at most `most` records do."""
    return f"""select d.left_number, d.right_number
        from doubted_value d
        join (
          select v.value
          from person_key k
          join (select distinct value from doubted_value where key_name = '{key}') v on v.value = k.{key}
          group by v.value having count(*) <= {most}
        ) c on c.value = d.value and d.key_name = '{key}'"""


def _is_stated(key: tuple[str, ...]) -> str:
    return " and ".join(f"{name} is not null" for name in key)


def _same(key: tuple[str, ...], one: str, other: str) -> str:
    return " and ".join(f"{one}.{name} = {other}.{name}" for name in key)
