"""One warehouse server for the folder; every test gets its own connection and works in temporary tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import boto3
import pytest
import redshift_connector

from localcloud.redshift import RedshiftServer

PASSWORD = "Passw0rd"
Run = Callable[..., list[tuple]]


@pytest.fixture(scope="session")
def server(tmp_path_factory, moto_server) -> Iterator[RedshiftServer]:
    s3 = boto3.client(
        "s3", endpoint_url=moto_server, region_name="us-east-1", aws_access_key_id="t", aws_secret_access_key="t"
    )
    server = RedshiftServer(tmp_path_factory.mktemp("warehouse") / "w.duckdb", password=PASSWORD, s3_client=s3).start()
    yield server
    server.stop()


@pytest.fixture
def connect(server) -> Iterator[Callable[[], redshift_connector.Connection]]:
    connections = []

    def connect(password: str = PASSWORD) -> redshift_connector.Connection:
        connections.append(
            redshift_connector.connect(
                host="127.0.0.1", port=server.port, user="u", password=password, database="cdp", ssl=False
            )
        )
        return connections[-1]

    yield connect
    for connection in connections:
        connection.close()


@pytest.fixture
def run(connect) -> Run:
    """Runs a statement with autocommit and gives its rows as tuples."""
    connection = connect()
    connection.autocommit = True

    def run(sql: str, *parameters: object) -> list[tuple]:
        cursor = connection.cursor()
        cursor.execute(sql, parameters or None)
        return [tuple(row) for row in cursor.fetchall()] if cursor.description else []

    return run
