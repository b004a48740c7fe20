"""Ingestion counts what it received, accepted and quarantined, per dataset, in CloudWatch's embedded metric format."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit

from cdp.aws.ledger import Receipt
from cdp.settings import Settings


def publish(settings: Settings, receipts: Iterable[Receipt], with_extra_fields: Mapping[str, int]) -> None:
    """Print one metric object per receipt; CloudWatch reads it from the log."""
    for receipt in receipts:
        metrics = EphemeralMetrics(namespace=f"cdp/{settings.environment}", service=receipt.stage)
        metrics.add_dimension(name="dataset", value=receipt.dataset)
        for name, count in {
            "RecordsReceived": receipt.received,
            "RecordsAccepted": receipt.accepted,
            "RecordsDuplicate": receipt.duplicate,
            "RecordsQuarantined": receipt.quarantined,
            "RecordsWithExtraFields": with_extra_fields.get(receipt.dataset, 0),
        }.items():
            metrics.add_metric(name=name, unit=MetricUnit.Count, value=count)
        metrics.flush_metrics()
