"""A gate's verdict on a table is pass, warn or fail, with the rules that broke, how often and for which keys.

Every rule of a table is measured in one SQL pass; only a broken rule costs a second query, for sample keys.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from cdp.dataset import Dataset
from cdp.quality_rules import Rule, compile_rules

GATES = {"clean": ("clean",), "curated": ("identity", "curated")}
VERDICTS = ("pass", "warn", "fail")
SAMPLE_KEYS = 5
MESSAGE_RULES = 20


class GateError(Exception):
    """A gate is asked for that does not exist, or a run that no gate let through is to be published."""


class Engine(Protocol):
    """What a gate needs of an engine."""

    def read(self, name: str) -> None:
        """Give SQL a lake table `clean.customer` as `clean_customer`."""

    def query(self, sql: str, parameters: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        """Rows of a small result."""


@dataclass(frozen=True)
class Result:
    """What a rule found: `failing` of `checked` rows broke it; `measured` was held against `threshold`."""

    rule: str
    severity: str
    dimension: str
    description: str
    checked: int
    failing: int
    measured: float | None
    threshold: str
    passed: bool
    counts_rows: bool
    sample_keys: tuple[dict[str, str], ...] = ()


@dataclass(frozen=True)
class TableCheck:
    """What a gate found in one table."""

    dataset: str
    rows: int
    results: tuple[Result, ...]

    @property
    def broken(self) -> list[Result]:
        """Results that did not pass, failures first."""
        return sorted((r for r in self.results if not r.passed), key=lambda r: r.severity != "fail")

    @property
    def verdict(self) -> str:
        """fail when a rule of severity fail broke, warn when one of severity warn did, else pass."""
        return worst(r.severity for r in self.broken)

    @property
    def scores(self) -> dict[str, float]:
        """Per dimension, the percentage of row checks that passed: completeness, uniqueness, conformity …"""
        scores = {}
        for dimension in sorted({r.dimension for r in self.results if r.counts_rows}):
            results = [r for r in self.results if r.counts_rows and r.dimension == dimension]
            checked = sum(r.checked for r in results)
            failing = sum(min(r.failing, r.checked) for r in results)
            scores[dimension] = round(100 * (1 - failing / checked), 4) if checked else 100.0
        return scores


def worst(verdicts: Iterable[str]) -> str:
    """The gravest of some verdicts; pass when there are none."""
    return max(verdicts, key=VERDICTS.index, default="pass")


def gated(gate: str) -> list[Dataset]:
    """The tables a gate looks at; raises GateError for a gate that does not exist."""
    if gate not in GATES:
        raise GateError(f"there is no gate {gate}; --gate is one of {sorted(GATES)}")
    return [dataset for dataset in Dataset.all() if dataset.zone in GATES[gate]]


def check(engine: Engine, dataset: Dataset, run_at: datetime, history: Sequence[int] = ()) -> TableCheck:
    """Measure every rule of a table as this run leaves it; `history`: row counts after earlier runs."""
    rules = compile_rules(dataset, history)
    for name in tables_read(dataset, rules):
        engine.read(name)
    measures = ", ".join(f"{rule.measure} as rule_{i}" for i, rule in enumerate(rules))
    table = dataset.name.replace(".", "_")
    (row,) = engine.query(f"select count(*) as checked, {measures} from {table}", {"run_at": run_at})
    rows = row["checked"]
    results = [_result(engine, rule, rows, row[f"rule_{i}"], run_at) for i, rule in enumerate(rules)]
    return TableCheck(dataset.name, rows, tuple(results))


def tables_read(dataset: Dataset, rules: Iterable[Rule]) -> list[str]:
    """The lake tables that the rules of a table read, itself first."""
    words = {word for rule in rules for word in re.findall(r"\w+", rule.measure)}
    others = [d.name for d in Dataset.all() if d.name.replace(".", "_") in words and d.name != dataset.name]
    return [dataset.name, *others]


def _result(engine: Engine, rule: Rule, rows: int, measured: float | None, run_at: datetime) -> Result:
    passed = rule.threshold.holds(measured, rows)
    sample = []
    if rule.sample and not passed:
        sample = engine.query(f"{rule.sample} limit {SAMPLE_KEYS}", {"run_at": run_at})
    return Result(
        rule=rule.name,
        severity=rule.severity,
        dimension=rule.dimension,
        description=rule.description,
        checked=rows,
        failing=int(measured or 0) if rule.counts_rows else 0,
        measured=measured,
        threshold=str(rule.threshold),
        passed=passed,
        counts_rows=rule.counts_rows,
        sample_keys=tuple({name: str(value) for name, value in keys.items()} for keys in sample),
    )


def verdict(checks: Iterable[TableCheck], problems: Sequence[str] = ()) -> str:
    """A gate's verdict; a record that is unaccounted for is a failure like a broken rule."""
    return worst([*(c.verdict for c in checks), *("fail" for _ in problems)])


def require_passed(verdicts: Mapping[str, Mapping[str, Any]]) -> None:
    """Raises GateError unless every gate has looked at the run and none said fail."""
    for gate in GATES:
        if verdicts.get(gate, {}).get("verdict") not in ("pass", "warn"):
            said = verdicts.get(gate, {}).get("verdict", "nothing")
            raise GateError(f"gate {gate} said {said}; a run is published when every gate says pass or warn")


def details(gate: str, checks: Sequence[TableCheck], problems: Sequence[str] = ()) -> dict[str, Any]:
    """What the ledger keeps of a verdict: in words, by table, and the broken rules."""
    return {
        "message": message(gate, checks, problems),
        "tables": {c.dataset: {"verdict": c.verdict, "rows": c.rows, "scores": c.scores} for c in checks},
        "broken": [
            {
                "dataset": c.dataset,
                "rule": r.rule,
                "severity": r.severity,
                "dimension": r.dimension,
                "checked": r.checked,
                "failing": r.failing,
                "measured": r.measured,
                "threshold": r.threshold,
                "sample_keys": list(r.sample_keys),
            }
            for c in checks
            for r in c.broken
        ],
        "accounting": list(problems),
    }


def message(gate: str, checks: Sequence[TableCheck], problems: Sequence[str] = ()) -> str:
    """The verdict for people: a line per broken rule, failures first, with sample keys, no other values."""
    broken = [(c.dataset, r) for c in checks for r in c.broken]
    broken.sort(key=lambda b: b[1].severity != "fail")
    lines = [f"Gate {gate}: {verdict(checks, problems)}. {len(checks)} tables checked, {len(broken)} rules broken."]
    lines += [f"- accounting (fail): {problem}" for problem in problems]
    lines += [f"- {_sentence(dataset, result)}" for dataset, result in broken[:MESSAGE_RULES]]
    if len(broken) > MESSAGE_RULES:
        lines.append(f"- and {len(broken) - MESSAGE_RULES} more, in the ledger")
    return "\n".join(lines)


def _sentence(dataset: str, result: Result) -> str:
    measured = result.measured if isinstance(result.measured, int) else round(result.measured or 0, 1)
    found = f"{result.failing} of {result.checked} rows break it" if result.counts_rows else f"found {measured}"
    keys = "; ".join(", ".join(f"{k}={v}" for k, v in keys.items()) for keys in result.sample_keys)
    shown = f" For example {keys}." if keys else ""
    return (
        f"{dataset} {result.rule} ({result.severity}): {result.description}. "
        f"{found}, allowed is {result.threshold}.{shown}"
    )
