"""What the last run found out about person records and pairs, so that the next one works on what has changed only.

A score is a function of two records' features and the model, and a component's clusters are one of its records, scores
and decisions. So nothing here can change a result: what does not fit any more is not used, and no table but those two
(`identity.match_record`, `identity.match_pair`) tells whether there was anything to go on from.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib.metadata import version

from cdp.matching.features import how_made
from cdp.matching.model import MatchModel
from cdp.matching.rules import FIELDS, MatchRules
from cdp.steps import Engine

READS = ("identity.match_record", "identity.match_pair")
WRITES = {"identity.match_record": "match_record", "identity.match_pair": "match_pair"}
FEATURES = tuple(sorted(FIELDS))
# Features are kept as one text; no value holds the signs that stand between them and for null.
BETWEEN, NULL = "chr(31)", "chr(30)"
PACKED = f"concat_ws({BETWEEN}, {', '.join(f'coalesce(f.{name}, {NULL})' for name in FEATURES)})"
# Of all person records: those that changed, and those that did not.
FEATURES_NOW = """(
    select c.person_id, c.number, c.stated, c.is_changed, f.features
    from packed_feature f
    join compared_record c on c.number = f.number
    union all
    select person_id, number, stated, is_changed, features from compared_record where is_changed = 0)"""
NOBODY = """select cast(null as string) as person_id, cast(null as string) as stated, cast(null as string) as features,
    cast(null as string) as component_id, cast(null as string) as cluster_id where 1 = 0"""
NO_PAIR = """select cast(null as string) as left_id, cast(null as string) as right_id,
    cast(null as double) as match_probability, cast(null as int) as speaking_bits, true as is_candidate where 1 = 0"""


@dataclass(frozen=True)
class Known:
    """SQL of what is known: records with what they stated, features, component and cluster; pairs with score and which
    fields speak for them."""

    records: str = NOBODY
    pairs: str = NO_PAIR

    @classmethod
    def from_lake(cls, rules: MatchRules, model: MatchModel, mode: str) -> Known:
        """What the tables in READS hold that was found out with the same rules, model, mode and scoring."""
        basis = basis_of(rules, model, mode)
        return cls(
            f"""select person_id, stated, features, component_id, cluster_id
                from identity_match_record where basis = '{basis}'""",
            f"""select left_id, right_id, match_probability, speaking_bits, is_candidate
                from identity_match_pair where basis = '{basis}'""",
        )


def basis_of(rules: MatchRules, model: MatchModel, mode: str) -> str:
    """16 hex digits of all that decides features, scores and clusters beside the records and a steward."""
    decides = (rules, model.model_version, mode, version("splink"), FEATURES, how_made())
    return hashlib.sha256(repr(decides).encode()).hexdigest()[:16]


def unpacked(rows: str, *columns: str) -> str:
    """SQL for these columns and FEATURES of rows (a step, or SQL in brackets) with packed `features`."""
    values = (f"nullif(element_at(parts, {n}), {NULL}) as {name}" for n, name in enumerate(FEATURES, 1))
    # A text is taken apart once, not for each value.
    parts = f"select {', '.join((*columns, f'split(features, {BETWEEN}) as parts'))} from {rows} p"
    return f"select {', '.join((*columns, *values))} from ({parts}) p"


def unpack(features: str) -> dict[str, str | None]:
    """The values that a text of packed features holds, by name."""
    values = (None if value == chr(30) else value for value in features.split(chr(31)))
    return dict(zip(FEATURES, values, strict=True))


def keep_nothing(engine: Engine) -> None:
    """Make the steps of WRITES, empty: rules that weigh nothing leave nothing that could be gone on from."""
    for step, nothing in (("match_record", NOBODY), ("match_pair", NO_PAIR)):
        engine.step(step, f"select n.*, cast(null as string) as basis from ({nothing}) n")


def keep(engine: Engine, basis: str) -> None:
    """Make the steps of WRITES from the steps of FEATURES_NOW, `membership` and `worth_keeping`."""
    engine.step(
        "match_record",
        f"""select f.person_id, f.stated, f.features, m.component_id, m.cluster_id, '{basis}' as basis
            from {FEATURES_NOW} f
            join membership m on m.number = f.number""",
    )
    engine.step(
        "match_pair",
        f"""select left_id, right_id, match_probability, speaking_bits, is_candidate, '{basis}' as basis
            from worth_keeping""",
    )
