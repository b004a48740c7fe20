"""An account for the functions that ingest, in this process: a test takes milliseconds."""

from __future__ import annotations

from collections.abc import Iterator

import boto3
import pytest
from moto import mock_aws

from cdp.aws import objects
from cdp.settings import Settings
from tests.conftest import create_ledger, settings_json


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch, session: boto3.Session) -> Iterator[Settings]:
    """Empty raw and quarantine buckets and an empty ledger; the functions' settings name them."""
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.setenv("CDP_SETTINGS", settings_json())
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", session)
    settings = Settings.from_json(settings_json())
    # Clients remember the account they were made for.
    clients = [objects.client, *_ledgers()]
    with mock_aws(config={"core": {"reset_boto3_session": False}}):
        for zone in ("raw", "quarantine"):
            boto3.client("s3").create_bucket(Bucket=settings.bucket(zone))
        create_ledger(settings)
        for cached in clients:
            cached.cache_clear()
        yield settings
        for cached in clients:
            cached.cache_clear()


def _ledgers() -> list:
    from lambdas import ingest_batch, ingest_stream

    return [ingest_batch._ledger, ingest_stream._ledger]
