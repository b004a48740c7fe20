"""Fixtures every folder shares: AWS as moto's server on this machine, with the platform's buckets and tables."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from moto.server import ThreadedMotoServer

from cdp.aws import objects
from cdp.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
PLATFORM = json.loads((ROOT / "terraform/platform.json").read_text())


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files of fast tests first, then the journeys, which take minutes: begun last they would keep one worker alone."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: (item.path in slow, "journeys" not in item.path.parts))


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """In CI a skipped test is a failure: what can run anywhere must run there."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("CI") and reporter is not None and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture(scope="session")
def moto_server() -> Iterator[str]:
    """Endpoint of one moto server for the session."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(autouse=True)
def own_client() -> Iterator[None]:
    """A test's S3 client is its own: the next one's AWS may be at another address."""
    yield
    objects.client.cache_clear()


@pytest.fixture(scope="session")
def session() -> boto3.Session:
    """One boto3 session: reading botocore's service models anew for every test would cost most of its time."""
    return boto3.Session("testing", "testing", region_name="us-east-1")


@pytest.fixture
def aws(moto_server: str, session: boto3.Session, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """An empty account with every bucket, database, table and topic of the platform; its settings name them all."""
    for name, value in {
        "AWS_ENDPOINT_URL": moto_server,
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
    }.items():
        monkeypatch.setenv(name, value)
    for name in ("AWS_PROFILE", "AWS_CA_BUNDLE", "AWS_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", session)
    _reset(moto_server)
    settings = Settings.from_json(settings_json())
    s3, glue = boto3.client("s3"), boto3.client("glue")
    for bucket in settings.names["bucket"].values():
        s3.create_bucket(Bucket=bucket)
    for database in settings.names["database"].values():
        glue.create_database(DatabaseInput={"Name": database})
    create_ledger(settings)
    boto3.client("sns").create_topic(Name="cdp-test-alert")
    monkeypatch.setenv("CDP_SETTINGS", settings_json())
    return settings


def create_ledger(settings: Settings) -> None:
    """The empty ledger table."""
    boto3.client("dynamodb").create_table(
        TableName=settings.table("ledger"),
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": n, "AttributeType": "S"} for n in ("pk", "sk")],
        BillingMode="PAY_PER_REQUEST",
    )


def settings_json() -> str:
    """Settings that grant everything, for the environment `test`."""
    names = {kind: {key: f"cdp-test-{key}" for key in PLATFORM[kind]} for kind in ("bucket", "table", "stream")}
    names["database"] = {zone: f"cdp_test_{zone}" for zone in PLATFORM["database"]}
    names["topic"] = {"alert": "arn:aws:sns:us-east-1:123456789012:cdp-test-alert"}
    return json.dumps({"environment": "test", "engine": "duckdb", **names})


def _reset(endpoint: str) -> None:
    import urllib.request

    request = urllib.request.Request(f"{endpoint}/moto-api/reset", method="POST")
    urllib.request.urlopen(request, timeout=30).read()
