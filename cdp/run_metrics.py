"""A closed run counts its records, rows and rule checks in CloudWatch's embedded metric format."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from cdp.accounting import Fates

NO_COUNTS = ("stage", "dataset", "lost")


def embedded_metrics(
    environment: str, run_at: datetime, fates: Iterable[Fates], verdicts: Mapping[str, Mapping[str, Any]]
) -> Iterator[dict[str, Any]]:
    """Objects to print, one per line: records by stage and dataset, and what the gates found by dataset."""
    for f in fates:
        counts = {f"Records{_camel(name)}": n for name, n in asdict(f).items() if name not in NO_COUNTS}
        yield _metrics(environment, run_at, {"service": f.stage, "dataset": f.dataset}, counts)
    for found in verdicts.values():
        for dataset, table in found["details"]["tables"].items():
            counts = {"Rows": table["rows"], "RulesBroken": _broken(found, dataset)}
            scores = {f"Quality{name.capitalize()}": score for name, score in table["scores"].items()}
            yield _metrics(environment, run_at, {"service": "check_quality", "dataset": dataset}, counts | scores)


def completeness_metrics(environment: str, run_at: datetime, percentages: Mapping[str, float]) -> dict[str, Any]:
    """The object to print of how complete the view of all customers is, in percent."""
    values = {f"Completeness{_camel(name)}": value for name, value in percentages.items()}
    return _metrics(environment, run_at, {"service": "customer_360"}, values)


def _broken(found: Mapping[str, Any], dataset: str) -> int:
    return sum(rule["dataset"] == dataset for rule in found["details"]["broken"])


def _metrics(
    environment: str, at: datetime, dimensions: Mapping[str, str], values: Mapping[str, float]
) -> dict[str, Any]:
    metrics = [{"Name": n, "Unit": "Percent" if n.startswith(("Quality", "Completeness")) else "Count"} for n in values]
    directive = {"Namespace": f"cdp/{environment}", "Dimensions": [sorted(dimensions)], "Metrics": metrics}
    header = {"Timestamp": int(at.timestamp() * 1000), "CloudWatchMetrics": [directive]}
    return {"_aws": header, **dimensions, **values}


def _camel(name: str) -> str:
    return "".join(word.capitalize() for word in name.split("_"))
