"""Command line that learns a match model from the published person records and stores it: `make identity-train`.

    python -m cdp.aws.identity_training --rules v3

The next run scores with it, and so does every later one until another is learnt. Records that have not changed since
teach the same model, which is stored once.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from cdp.aws.identity_question import tell
from cdp.engines.duckdb import DuckDBEngine
from cdp.matching import model_store
from cdp.matching.features import make_features
from cdp.matching.model import MatchModel, MatchModelError
from cdp.matching.rules import RULE_VERSION, MatchRules, MatchRulesError
from cdp.matching.training import train


def main(arguments: Sequence[str] | None = None) -> int:
    """Learn, store and tell what was learnt; returns the process's exit status."""
    parser = argparse.ArgumentParser(prog="python -m cdp.aws.identity_training", description=__doc__.splitlines()[0])
    parser.add_argument("--rules", default=RULE_VERSION, help="version of the match rules (default: %(default)s)")
    parser.add_argument("--environment", default="local", help="name of the environment (default: %(default)s)")
    options = parser.parse_args(arguments)
    return tell(options.environment, lambda engine: _learn(engine, options.rules))


def _learn(engine: DuckDBEngine, rule_version: str) -> Iterator[str]:
    """Lines about what was learnt; the model is in the table by the last one."""
    rules = MatchRules.load(rule_version)
    if not rules.comparisons:
        raise MatchRulesError(
            f"rules {rules.rule_version} weigh nothing, there is nothing to learn; use {RULE_VERSION}"
        )
    snapshot_id = engine.lake.snapshot_id("clean.customer")
    make_features(engine, rules)
    model = train(engine.arrow("person_feature"), rules, {"snapshot_id": snapshot_id})
    if not model.metadata["is_trained"]:
        raise MatchModelError(f"no model was learnt: {model.metadata['reason']}; the rules' own weights stay in use")
    yield f"learnt from {model.metadata['person_records']:,} person records (snapshot {snapshot_id})"
    yield from _told(rules, model)
    before = model_store.stored_model(engine, rules)
    if before.model_version == model.model_version:
        yield f"model {model.model_version} is stored already: identity.match_model did not change"
        return
    engine.register("learnt", model_store.as_row(model, datetime.now(UTC), snapshot_id))
    engine.step(
        "match_model",
        """select * from learnt union all
           select * from identity_match_model where model_version not in (select model_version from learnt)""",
    )
    engine.write(model_store.TABLE, "match_model")
    yield f"model {model.model_version} is stored in identity.match_model; the next run scores with it"


def _told(rules: MatchRules, model: MatchModel) -> Iterator[str]:
    """How often each agreement is seen of one human and of two, and how many bits it weighs on a rare value."""
    yield f"{'field':<14} {'agreement':<30} {'one human':>10} {'two':>10} {'bits':>7}"
    for comparison in rules.comparisons:
        for level, (m, u) in zip(comparison.levels, model.parameters[comparison.name], strict=True):
            agreement, bits = comparison.agreement(level), math.log2(m / u)
            yield f"{comparison.name:<14} {agreement:<30} {m:>10.6f} {u:>10.6f} {bits:>7.2f}"
    for name, shares in model.frequencies.items():
        yield f"{name}: {len(shares) - 1:,} common values weigh less"


if __name__ == "__main__":
    sys.exit(main())
