"""The Redshift warehouse: connects when first used, retries while it wakes up, and runs loads in one transaction."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import Any

import boto3
import redshift_connector

from cdp.settings import Settings, SettingsError

PORT = 5439
CONNECT_TIMEOUT_S = 10


class WarehouseUnavailableError(Exception):
    """The warehouse does not answer or does not let us in; the message names it and says what to check."""


class WarehouseStatementError(Exception):
    """A statement failed; the message has its first words and what the warehouse said.

    `sqlstate` is empty when the warehouse said nothing because the connection is gone.
    """

    def __init__(self, message: str, sqlstate: str = "") -> None:
        super().__init__(message)
        self.sqlstate = sqlstate


class Warehouse:
    """A lazy connection to the warehouse that `settings.warehouse` names.

    Keys: host, port, database; iam_role (for COPY); and one way in: `secret` (name or ARN in Secrets Manager, JSON
    with username and password), `user` and `password`, or IAM with `workgroup` (serverless) or `cluster` and `user`.
    `ssl` is "false" where the server speaks no TLS.
    """

    def __init__(self, settings: Settings, attempts: int = 5, pause_s: float = 2.0) -> None:
        if settings.warehouse is None:
            raise SettingsError(
                "the warehouse is not granted to this job; add it to its reads in terraform/platform.json"
            )
        self._settings: Mapping[str, str] = settings.warehouse
        self._attempts = attempts
        self._pause_s = pause_s

    @property
    def iam_role(self) -> str:
        """ARN of the role with which the warehouse itself reads files from S3."""
        return self._settings["iam_role"]

    def execute(self, sql: str, parameters: Sequence[object] = ()) -> None:
        """Run one statement; `%s` stands for a parameter. Raises WarehouseStatementError."""
        self._cursor(sql, parameters).close()

    def query(self, sql: str, parameters: Sequence[object] = ()) -> list[dict[str, Any]]:
        """Rows of a result."""
        cursor = self._cursor(sql, parameters)
        columns = [d[0] for d in cursor.description or []]
        return [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All statements of the block, or none: any exception rolls back."""
        self.execute("begin")
        try:
            yield
        except BaseException:
            self._roll_back()
            raise
        self.execute("commit")

    def close(self) -> None:
        """Close the connection, if there is one; an open transaction is rolled back by the warehouse."""
        if "_connection" in self.__dict__:
            self.__dict__.pop("_connection").close()

    @cached_property
    def _connection(self) -> Any:
        where = f"{self._settings['host']}:{self._port}"
        for attempt in range(1, self._attempts + 1):
            try:
                return self._connect()
            except (OSError, redshift_connector.Error) as error:
                if _is_answer(error):
                    raise WarehouseUnavailableError(
                        f"the warehouse at {where} refuses the login ({_said(error)}); check the secret or the IAM "
                        "permission to get credentials, and that user and database exist"
                    ) from error
                if attempt == self._attempts:
                    raise WarehouseUnavailableError(
                        f"the warehouse at {where} does not answer after {attempt} attempts ({_said(error)}); check "
                        "that the workgroup or cluster is available and not paused, and that its security group "
                        "lets this job in; nothing was loaded, the next run loads it"
                    ) from error
                time.sleep(self._pause_s * 2 ** (attempt - 1))
        raise AssertionError("unreachable")

    def _connect(self) -> Any:
        # The driver has no timeout for connecting alone; a closed security group would hold the job for minutes.
        socket.create_connection((self._settings["host"], self._port), timeout=CONNECT_TIMEOUT_S).close()
        connection = redshift_connector.connect(
            host=self._settings["host"],
            port=self._port,
            database=self._settings["database"],
            ssl=self._settings.get("ssl", "true") != "false",
            application_name="cdp",  # without a name the driver looks for one through the source of every caller
            **self._login(),
        )
        connection.autocommit = True
        return connection

    def _login(self) -> dict[str, Any]:
        settings = self._settings
        if "secret" in settings:
            answer = boto3.client("secretsmanager").get_secret_value(SecretId=settings["secret"])
            secret = json.loads(answer["SecretString"])
            return {"user": secret["username"], "password": secret["password"]}
        if "password" in settings:
            return {"user": settings["user"], "password": settings["password"]}
        iam = {"iam": True, "region": boto3.Session().region_name}
        if "workgroup" in settings:
            return {**iam, "is_serverless": True, "serverless_work_group": settings["workgroup"]}
        return {**iam, "cluster_identifier": settings["cluster"], "db_user": settings["user"]}

    @property
    def _port(self) -> int:
        return int(self._settings.get("port", PORT))

    def _cursor(self, sql: str, parameters: Sequence[object]) -> Any:
        cursor = self._connection.cursor()
        try:
            cursor.execute(sql, tuple(parameters) or None)
        except (OSError, redshift_connector.Error) as error:
            words = " ".join(sql.split()[:4])
            sqlstate = error.args[0]["C"] if _is_answer(error) else ""
            raise WarehouseStatementError(f"{words} …: {_said(error)}", sqlstate) from error
        return cursor

    def _roll_back(self) -> None:
        try:
            self.execute("rollback")
        except WarehouseStatementError:
            # The connection is gone, and with it the transaction; what broke it is on its way up.
            self.close()


def _is_answer(error: Exception) -> bool:
    """Whether the warehouse itself has answered: then it is there, and trying again will not change its mind."""
    return bool(error.args) and isinstance(error.args[0], dict)


def _said(error: Exception) -> str:
    """What the driver's error says: the server's message and SQLSTATE, or its own text."""
    if _is_answer(error):
        return f"{error.args[0]['M']}, SQLSTATE {error.args[0]['C']}"
    return str(error)
