"""Pairs get the probability that they are one human, from weights that Splink finds on the engine that holds them.

A pair may be one human, two strangers, or two people of a kind that the rules name: the better another kind explains
what agrees, the less it speaks for one human. A pair that a veto speaks against has probability 0, whatever agrees.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pyarrow as pa
from splink import Linker
from splink.internals.realtime import compare_records

from cdp.matching.known import FEATURES, basis_of
from cdp.matching.model import MatchModel
from cdp.matching.rules import Comparison, MatchRules, TwoPeople, Veto
from cdp.matching.splink_settings import fields_compared, settings
from cdp.steps import MatchEngine

FEATURES_TO_SCORE = "select f.* from person_feature f join record_to_score r on r.number = f.number"
COMPARED = "l.part = r.against and l.person_id < r.person_id"


def score_pairs(
    engine: MatchEngine,
    pairs: str,
    into: str,
    rules: MatchRules,
    model: MatchModel,
    least: float = 0.0,
    features: str = FEATURES_TO_SCORE,
) -> None:
    """Make the step `into` from the pairs (left_number < right_number) of a step, less those that cannot reach `least`.

    Its columns are those of `weigh_pairs`, and match_probability, veto (name of the one that spoke, or null),
    two_people (the kind of two people that explains the pair best, or null) and doubt (what that takes away, in bits).
    """
    weigh_pairs(engine, pairs, rules, model, least, features)
    engine.step(into, _judged("weighed_pair", rules, model))


class Scorer:
    """Scores few pairs at a time, again and again: what Splink needs for it is made once."""

    def __init__(self, engine: MatchEngine, rules: MatchRules, model: MatchModel) -> None:
        self._engine, self._rules, self._model = engine, rules, model
        self._api = engine.splink()
        self._settings = settings(rules, model)
        self._text = basis_of(rules, model, COMPARED)
        model.check(rules)
        columns = [(name, pa.string()) for name in ("person_id", *FEATURES)]
        columns += [(name, pa.int64()) for name in ("number", "part", "against")]
        self._schema = pa.schema(columns + [(f"tf_{name}", pa.float64()) for name in model.frequencies])

    def score(self, features: Iterable[Mapping[str, Any]], into: str) -> None:
        """Make the step `into`, as `score_pairs` does, from pairs of which one is of the `part` the other is `against`.

        `features` are rows with the columns of `person_feature`, and `part` and `against`, whole numbers.
        """
        rows = [{**row, **self._shares(row)} for row in features]
        self._engine.register("weighed_feature", pa.Table.from_pylist(rows, schema=self._schema))
        found = compare_records(
            *["weighed_feature"] * 2, self._settings, self._api, self._text, join_condition=COMPARED
        )
        weighed = f"({_weighed(found.physical_name, self._rules, self._model)}) w"
        self._engine.step(into, _judged(weighed, self._rules, self._model))
        self._api.delete_tables_created_by_splink_from_db()

    def _shares(self, row: Mapping[str, Any]) -> dict[str, float | None]:
        return {
            f"tf_{name}": None if row[name] is None else float(known.get(row[name], known[""]))
            for name, known in self._model.frequencies.items()
        }


def _judged(weighed: str, rules: MatchRules, model: MatchModel) -> str:
    """SQL for the columns that `score_pairs` adds to those of weighed pairs."""
    weights = " + ".join(f"mw_{c.name}" for c in rules.comparisons)
    kinds = "".join(f", {_bits(group, rules, model)} as bits_{group.name}" for group in rules.two_people)
    bits = [f"bits_{group.name}" for group in rules.two_people]
    odds = " + ".join(["1", *(f"power(cast(2 as double), {name})" for name in bits)])
    best = " ".join(
        f"when bits_{g.name} > 0 and bits_{g.name} = greatest({', '.join([*bits, '0'])}) then '{g.name}'"
        for g in rules.two_people
    )
    return f"""with weighed as (
              select *, {model.prior_weight!r} + {weights} as bits_one_human{kinds} from {weighed}
            ), judged as (
              select *, {veto(rules)} as veto, {f"case {best} end" if best else "cast(null as string)"} as two_people,
                log2({odds}) as doubt
              from weighed
            )
            select *, case when veto is null
              then 1 / (1 + power(cast(2 as double), doubt - bits_one_human)) else 0 end as match_probability
            from judged"""


def weigh_pairs(
    engine: MatchEngine,
    pairs: str,
    rules: MatchRules,
    model: MatchModel,
    least: float = 0.0,
    features: str = FEATURES_TO_SCORE,
) -> None:
    """Make the step `weighed_pair` from the pairs (left_number < right_number) of a step.

    `features` is SQL for the features of the step `record_to_score` (number).

    Pairs that are not `least` probable even against strangers alone are left out: other kinds and vetoes only take
    away. Its columns are left_number, right_number, left_id, right_id and per comparison `gamma_<field>` (level, from
    the top down to 0; -1 where a value is missing), `mw_<field>` (weight in bits) and `rare_<field>` (the part of it
    that is due to how common the value is).
    """
    engine.step(
        "pair_to_score",
        f"select left_number as join_key_l, right_number as join_key_r, '0' as match_key from {pairs}",
    )
    engine.step("record_to_score", f"select left_number as number from {pairs} union select right_number from {pairs}")
    api = engine.splink()
    linker = linker_of(engine, api, rules, model, features)
    linker.table_management.register_blocked_pairs_for_predict(api.register("pair_to_score"))
    # Splink adds the same bits up in another order, so that the last digit may differ.
    scored = linker.inference.predict(least * (1 - 1e-9), warning_mode="never").physical_name
    engine.step("weighed_pair", _weighed(scored, rules, model))
    api.delete_tables_created_by_splink_from_db()
    engine.forget("pair_to_score", "record_to_score", "weighed_feature")


def linker_of(engine: MatchEngine, api: Any, rules: MatchRules, model: MatchModel, features: str) -> Linker:
    """Splink's linker over the features of `record_to_score`, each value with its share.

    A value that the model does not know is rare.
    """
    model.check(rules)
    for name, known in model.frequencies.items():
        values = [value for value in known if value]
        shares = pa.array([known[value] for value in values], pa.float64())
        engine.register(f"frequency_{name}", pa.table({"value": pa.array(values, pa.string()), "share": shares}))
    shares_held = "".join(
        f", case when f.{name} is not null then coalesce(t_{name}.share, {float(known[''])!r}) end as tf_{name}"
        for name, known in model.frequencies.items()
    )
    joins = "".join(f" left join frequency_{name} t_{name} on t_{name}.value = f.{name}" for name in model.frequencies)
    fields = ", ".join(f"f.{name}" for name in ("person_id", "number", *fields_compared(rules)))
    engine.step("weighed_feature", f"select {fields}{shares_held} from ({features}) f{joins}")
    return Linker(api.register("weighed_feature"), settings(rules, model), log_level=None, validate_settings=False)


def _weighed(scored: str, rules: MatchRules, model: MatchModel) -> str:
    columns = ", ".join(_columns(c, model) for c in rules.comparisons)
    ids = "number_l as left_number, number_r as right_number, person_id_l as left_id, person_id_r as right_id"
    return f"select {ids}, {columns} from {scored}"


def veto(rules: MatchRules) -> str:
    """SQL for the name of the first veto that speaks against a pair."""
    cases = " ".join(f"when {_speaks(v)} then '{v.name}'" for v in rules.vetoes)
    return f"case {cases} end" if cases else "cast(null as string)"


def _speaks(veto: Veto) -> str:
    stated = " or ".join(f"gamma_{name} >= 0" for name in veto.stated)
    return " and ".join([f"({stated})", *(f"gamma_{name} = 0" for name in veto.conflicts)])


def _columns(comparison: Comparison, model: MatchModel) -> str:
    name = comparison.name
    rare = f"mw_tf_adj_{name}" if comparison.weighed_by in model.frequencies else "cast(0 as double)"
    return f"gamma_{name}, mw_{name} + {rare} as mw_{name}, {rare} as rare_{name}"


def _bits(group: TwoPeople, rules: MatchRules, model: MatchModel) -> str:
    """SQL for how much likelier a pair is of this kind than two strangers, in bits."""
    known = model.groups[group.name]
    terms = [repr(math.log2(known.prior))]
    for comparison in rules.comparisons:
        if comparison.name in known.shares:
            u = [u for _, u in model.parameters[comparison.name]]
            terms.append(_by_level(comparison.name, known.shares[comparison.name], u))
        if comparison.name in group.shared:
            terms.append(f"rare_{comparison.name}")
    return " + ".join(terms)


def _by_level(name: str, shares: Sequence[float], chances: Sequence[float]) -> str:
    top = len(shares) - 1
    bits = [math.log2(share / u) for share, u in zip(shares, chances, strict=True)]
    levels = " ".join(f"when {top - n} then {weight!r}" for n, weight in enumerate(bits))
    return f"case gamma_{name} {levels} else 0 end"
