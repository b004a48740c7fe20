"""Of two who change a table at once one is told so."""

from __future__ import annotations

import threading

import pyarrow as pa
import pytest
from botocore.exceptions import ClientError
from pyiceberg.catalog import load_catalog
from pyiceberg.exceptions import CommitFailedException


@pytest.fixture
def table(sandbox) -> dict:
    glue, database = sandbox.client("glue"), sandbox.name("db").replace("-", "_")
    glue.create_database(DatabaseInput={"Name": database})
    glue.create_table(DatabaseName=database, TableInput={"Name": "t"})
    return {"DatabaseName": database, "TableInput": {"Name": "t"}}


def test_an_update_of_a_stale_version_is_refused(sandbox, table):
    glue = sandbox.client("glue")
    glue.update_table(**table, VersionId="1")
    with pytest.raises(ClientError, match="ConcurrentModificationException"):
        glue.update_table(**table, VersionId="1")
    assert glue.get_table(DatabaseName=table["DatabaseName"], Name="t")["Table"]["VersionId"] == "2"


def test_of_many_writers_at_once_one_wins(sandbox, table):
    outcomes = []

    def write() -> None:
        try:
            sandbox.client("glue").update_table(**table, VersionId="1")
            outcomes.append("won")
        except ClientError as error:
            outcomes.append(error.response["Error"]["Code"])

    writers = [threading.Thread(target=write) for _ in range(5)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert sorted(outcomes) == ["ConcurrentModificationException"] * 4 + ["won"]


def test_every_iceberg_commit_that_was_told_ok_is_there(sandbox):
    database, location = sandbox.name("db").replace("-", "_"), f"s3://{sandbox.bucket()}/t"
    environment, told_ok = sandbox.cloud.environment(), []
    properties = {
        "type": "glue",
        "glue.endpoint": environment["AWS_ENDPOINT_URL"],
        "s3.endpoint": environment["AWS_ENDPOINT_URL"],
        "client.region": environment["AWS_DEFAULT_REGION"],
        "client.access-key-id": environment["AWS_ACCESS_KEY_ID"],
        "client.secret-access-key": environment["AWS_SECRET_ACCESS_KEY"],
    }
    catalog = load_catalog("lake", **properties)
    catalog.create_namespace(database)
    catalog.create_table((database, "t"), pa.schema([("n", pa.int64())]), location=location)

    def write(first: int) -> None:
        own = load_catalog("lake", **properties).load_table((database, "t"))
        for n in range(first, first + 4):
            try:
                own.append(pa.table({"n": [n]}))
                told_ok.append(n)
            except CommitFailedException:
                own.refresh()

    writers = [threading.Thread(target=write, args=(10 * n,)) for n in range(3)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    found = catalog.load_table((database, "t")).scan().to_arrow()["n"].to_pylist()
    assert len(told_ok) >= 4
    assert sorted(found) == sorted(told_ok)


def test_an_update_without_a_version_is_taken(sandbox, table):
    sandbox.client("glue").update_table(**table)
