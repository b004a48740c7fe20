"""Command line about people in the lake: why two records are one human or not, whose a record is, what rules change.

    python -m cdp.aws.identity_question explain shop:S000001 crm:C000007
    python -m cdp.aws.identity_question lookup people.jsonl
    python -m cdp.aws.identity_question diff v1 v2

It reads the published state of the account that the AWS environment variables or profile name, and changes nothing.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
from botocore.exceptions import BotoCoreError, ClientError

from cdp import resources, steward
from cdp.aws.lake import Lake
from cdp.engines.duckdb import DuckDBEngine
from cdp.matching import explain, known, model_store
from cdp.matching.known_people import KnownPeople, NothingKnownError
from cdp.matching.lookup import Found, Lookup
from cdp.matching.matches import BALANCED, DETERMINISTIC, resolve_matches
from cdp.matching.model import MatchModelError
from cdp.matching.rules import RULE_VERSION, MatchRules, MatchRulesError
from cdp.settings import Settings

COMPARED = ("email", "phone", "first_name", "last_name", "birth_on", "street", "postal_code", "city")
EXAMPLE = '{"source": "web", "source_customer_id": "1", "email": "ann@x.org", "birth_on": "1980-02-29"} on a line'


class RecordError(Exception):
    """A line is no person record; the message names the line and not its values."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Answer one question; returns the process's exit status."""
    parser = argparse.ArgumentParser(prog="python -m cdp.aws.identity_question", description=__doc__.splitlines()[0])
    questions = parser.add_subparsers(required=True, dest="question", metavar="question")
    pair = questions.add_parser("explain", help="why two person records are one human or not")
    pair.add_argument("person_ids", nargs=2, metavar="person_id", help="source:source_customer_id")
    pair.add_argument("--rules", default=RULE_VERSION, help="version of the match rules (default: %(default)s)")
    pair.add_argument("--mode", default=BALANCED, help=f"{BALANCED}, strict or {DETERMINISTIC}")
    lookup = questions.add_parser("lookup", help="whom a person record that is not in the lake would be")
    lookup.add_argument("records", type=Path, help="file of JSON lines with the columns of clean.customer")
    versions = questions.add_parser("diff", help="whom another version of the rules would merge and split")
    versions.add_argument("before", help="version of the match rules, such as v1")
    versions.add_argument("after", help="version of the match rules, such as v3")
    for question in (pair, lookup, versions):
        question.add_argument("--environment", default="local", help="name of the environment (default: %(default)s)")
    options = parser.parse_args(arguments)
    return tell(options.environment, lambda engine: _answer(engine, options))


def tell(environment: str, lines_of: Callable[[DuckDBEngine], Iterable[str]]) -> int:
    """Print the lines that come of an environment's people and models; the process's exit status."""
    try:
        with closing(DuckDBEngine(Lake(settings_of(environment)))) as engine:
            for table in ("clean.customer", *model_store.READS):
                engine.read(table)
            for line in lines_of(engine):
                print(line, flush=True)
    except (MatchRulesError, MatchModelError, explain.UnknownPersonError, NothingKnownError, RecordError) as error:
        print(error, file=sys.stderr)
        return 1
    except (BotoCoreError, ClientError) as error:
        print(f"{error}\nSet AWS_PROFILE, or the variables that `make demo ARGS=--keep` prints.", file=sys.stderr)
        return 1
    return 0


def settings_of(environment: str) -> Settings:
    """The names of an environment's databases and buckets, as Terraform gives them."""
    platform = json.loads(resources.read_text("terraform/platform.json"))
    names = {
        "database": {zone: f"cdp_{environment}_{zone}" for zone in platform["database"]},
        "bucket": {key: f"cdp-{environment}-{key}" for key in platform["bucket"]},
    }
    return Settings(environment, names=names)


def _answer(engine: DuckDBEngine, options: argparse.Namespace) -> Iterator[str]:
    return {"explain": _explain, "lookup": _lookup, "diff": _diff}[options.question](engine, options)


def _explain(engine: DuckDBEngine, options: argparse.Namespace) -> Iterator[str]:
    rules = MatchRules.load(options.rules)
    if not rules.comparisons:
        raise MatchRulesError(f"rules {rules.rule_version} weigh nothing, so that there is nothing to explain; use v2")
    model = model_store.stored_model(engine, rules)
    decisions = _decisions(engine)
    resolve_matches(engine, rules, decisions, model, options.mode)
    told = explain.explain_pair(engine, rules, model, *options.person_ids)
    yield from _weights(told)
    for decided in decisions.to_pylist():
        if {decided["left_id"], decided["right_id"]} == {*options.person_ids}:
            yield f"a steward decided that they are {'' if decided['is_same'] else 'not '}one human"
    yield f"in one cluster ({rules.rule_version}, {options.mode}): {'yes' if told.is_together else 'no'}"
    for edge in explain.evidence_chain(engine, options.person_ids[0]) if told.is_together else ():
        yield f"  {edge['left_id']} – {edge['right_id']}: {edge['match_probability']:.6f}"


def _lookup(engine: DuckDBEngine, options: argparse.Namespace) -> Iterator[str]:
    records = list(_records(options.records))
    for table in ("identity.person", *known.READS):
        engine.read(table)
    rules = MatchRules.load()
    model = model_store.stored_model(engine, rules)
    people = KnownPeople(engine, rules, model, _decisions(engine))
    with closing(DuckDBEngine(few_rows=True)) as own:
        lookup = Lookup(people, own, rules, model)
        for record in records:
            yield from _found(f"{record['source']}:{record['source_customer_id']}", lookup.find(record))


def _decisions(engine: DuckDBEngine) -> pa.Table:
    """What stewards decided, as published."""
    for table in steward.READS:
        engine.read(table)
    return steward.apply_decisions(engine, ())


def _found(person_id: str, found: Found) -> Iterator[str]:
    yield f"{person_id} is {' and '.join(found.customer_ids) or 'nobody known'}"
    for left, right, probability in found.chain:
        yield f"  {left} – {right}: {probability:.6f}"
    if found.closest:
        yield f"closest to it is {found.closest_id}:"
        yield from _weights(found.closest)


def _records(file: Path) -> Iterator[dict[str, Any]]:
    try:
        lines = file.read_text().splitlines()
    except OSError as error:
        raise RecordError(f"{file}: {error.strerror}") from error
    for number, line in enumerate(lines, 1):
        try:
            stated = json.loads(line)
            record = {name: stated[name] for name in ("source", "source_customer_id")}
            record |= {name: stated.get(name) for name in COMPARED}
            if record["birth_on"]:
                record["birth_on"] = date.fromisoformat(record["birth_on"])
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise RecordError(f"{file}:{number}: no person record ({type(error).__name__}); write {EXAMPLE}") from error
        yield record


def _weights(told: explain.PairExplained) -> Iterator[str]:
    yield f"{'field':<14} {'agreement':<30} {'bits':>7}  values (masked)"
    yield f"{'(beforehand)':<14} {'':<30} {told.prior_weight:>7.2f}"
    for field in told.fields:
        yield f"{field.field:<14} {field.agreement:<30} {field.weight:>7.2f}  {field.left}  {field.right}"
    if told.two_people:
        yield f"{'(two people)':<14} {told.two_people:<30} {told.doubt:>7.2f}  explains what agrees as well"
    yield f"probability that they are one human: {told.match_probability:.6f}"
    if told.veto:
        yield f"guard that spoke against it: {told.veto}"


def _diff(engine: DuckDBEngine, options: argparse.Namespace) -> Iterator[str]:
    before, after = MatchRules.load(options.before), MatchRules.load(options.after)
    one, other = ((rules, model_store.stored_model(engine, rules)) for rules in (before, after))
    told = explain.compare_versions(engine, one, other, _decisions(engine))
    yield f"from {before.rule_version} to {after.rule_version}"
    for what, count, samples in (
        ("customers that records of several would become", told.merged, told.merged_samples),
        ("customers that would come apart", told.split, told.split_samples),
    ):
        yield f"{count:>9,} {what}"
        for ids in samples:
            yield f"          {' '.join(ids)}"


if __name__ == "__main__":
    sys.exit(main())
