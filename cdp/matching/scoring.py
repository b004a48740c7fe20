"""Pairs get the probability that they are one human, from Splink, on the engine that holds them.

A pair that a veto speaks against has probability 0, whatever agrees.
"""

from __future__ import annotations

from typing import Any

import pyarrow as pa
from splink import Linker

from cdp.matching.model import MatchModel
from cdp.matching.rules import MatchRules, Veto
from cdp.matching.splink_settings import settings
from cdp.steps import MatchEngine


def score_pairs(engine: MatchEngine, pairs: str, into: str, rules: MatchRules, model: MatchModel) -> None:
    """Make the step `into` from the pairs (left_id, right_id) of a step.

    Its columns are left_id, right_id, match_probability, veto (name of the one that spoke, or null), and per
    comparison `gamma_<field>` (level, from the top down to 0; -1 where a value is missing) and `mw_<field>` (weight in
    bits); `frequency_bits` is the part of the weights that is due to how common the values are.
    """
    engine.step("pair_to_score", f"select left_id as join_key_l, right_id as join_key_r, '0' as match_key from {pairs}")
    engine.step(
        "feature_to_score",
        f"""select f.* from person_feature f
            join (select left_id as person_id from {pairs} union select right_id from {pairs}) p
              on p.person_id = f.person_id""",
    )
    api = engine.splink()
    linker = linker_of(engine, api, rules, model, "feature_to_score")
    linker.table_management.register_blocked_pairs_for_predict(api.register("pair_to_score"))
    scored = linker.inference.predict(warning_mode="never").physical_name
    weights = "".join(f", gamma_{c.name}, {_weight(c.name, model)} as mw_{c.name}" for c in rules.comparisons)
    by_frequency = " + ".join(f"mw_tf_adj_{name}" for name in model.frequencies) or "cast(0 as double)"
    engine.step(
        into,
        f"""with weighed as (
              select person_id_l as left_id, person_id_r as right_id, match_probability as probability,
                {by_frequency} as frequency_bits{weights}
              from {scored}
            ), judged as (select *, {veto(rules)} as veto from weighed)
            select *, case when veto is null then probability else 0 end as match_probability from judged""",
    )
    api.delete_tables_created_by_splink_from_db()


def linker_of(
    engine: MatchEngine, api: Any, rules: MatchRules, model: MatchModel, features: str = "person_feature"
) -> Linker:
    """Splink's linker over the rows of `features`, each value with its share; one the model does not know is rare."""
    model.check(rules)
    shares = "".join(
        f", case when f.{name} is not null then coalesce(t_{name}.share, {float(known[''])!r}) end as tf_{name}"
        for name, known in model.frequencies.items()
    )
    joins = "".join(f" left join frequency_{name} t_{name} on t_{name}.value = f.{name}" for name in model.frequencies)
    for name, known in model.frequencies.items():
        values, share = pa.array(known, pa.string()), pa.array(known.values(), pa.float64())
        engine.register(f"frequency_{name}", pa.table({"value": values, "share": share}))
    engine.step("weighed_feature", f"select f.*{shares} from {features} f{joins}")
    return Linker(api.register("weighed_feature"), settings(rules, model), log_level=None)


def veto(rules: MatchRules) -> str:
    """SQL for the name of the first veto that speaks against a pair."""
    cases = " ".join(f"when {_speaks(v, rules)} then '{v.name}'" for v in rules.vetoes)
    return f"case {cases} end" if cases else "cast(null as string)"


def _speaks(veto: Veto, rules: MatchRules) -> str:
    top = len(rules.comparison(veto.unless).levels) - 1
    stated = " or ".join(f"gamma_{name} >= 0" for name in veto.stated)
    # The level below the top one is a typing error away from agreement.
    return f"({stated}) and gamma_{veto.conflict} = 0 and gamma_{veto.unless} < {top - 1}"


def _weight(name: str, model: MatchModel) -> str:
    return f"mw_{name} + mw_tf_adj_{name}" if name in model.frequencies else f"mw_{name}"
