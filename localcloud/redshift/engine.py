"""One DuckDB file is the laptop's warehouse; each session has its own transaction, temporary tables and locks.

Keys are informational as on Redshift; NOT NULL and byte lengths are enforced. Readers see the last committed state
while a load runs.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
from sqlglot import exp, parse_one

from localcloud.redshift import access, catalog, commands, grants, s3_files
from localcloud.redshift.errors import (
    AbortedTransactionError,
    RedshiftError,
    UnsupportedStatementError,
    as_redshift_error,
)
from localcloud.redshift.expressions import MACROS
from localcloud.redshift.translate import translate

SCHEMA = "public"
SUPERUSER = "awsuser"  # as Redshift calls the first user
SETTINGS = (
    "TimeZone = 'UTC'",
    "integer_division = true",
    "default_null_order = 'postgres'",
    f"search_path = '{SCHEMA},{grants.SCHEMA},{catalog.SCHEMA}'",
)
LOCK_TIMEOUT_S = 120
MEMORY_LIMIT = "512MB"  # beyond it DuckDB spills beside the file


def _configure(connection: duckdb.DuckDBPyConnection) -> None:
    for setting in SETTINGS:
        connection.execute(f"set {setting}")


@dataclass(frozen=True)
class Result:
    """A command's tag ("INSERT 0 3") and, when it answers with rows, columns (name, DuckDB type) and rows."""

    tag: str
    columns: list[tuple[str, str]] | None = None
    rows: list[tuple[Any, ...]] = field(default_factory=list)


class LocalWarehouse:
    """The database file; `recorded` lists statements that change no row (GRANT, VACUUM, …)."""

    def __init__(self, path: str | Path, s3_client: Any = None) -> None:
        # sqlglot warns of what it cannot parse; that is refused anyway, with a reason.
        logging.getLogger("sqlglot").setLevel(logging.ERROR)
        self.s3_client = s3_client
        self.recorded: list[str] = []
        self.views: dict[str, str] = {}
        self._locks: dict[str, threading.Lock] = {}
        self._guard = threading.Lock()
        # The file's format must know macros with typed parameters.
        self._connection = duckdb.connect(
            str(path), config={"storage_compatibility_version": "v1.4.0", "memory_limit": MEMORY_LIMIT}
        )
        self._connection.execute(f"create schema if not exists {SCHEMA}")
        self._connection.execute(catalog.CREATE)
        grants.create(self._connection)
        # A macro keeps the meaning that the settings give its text when it is created.
        _configure(self._connection)
        self._connection.execute(MACROS)

    def session(self, user: str = SUPERUSER) -> Session:
        """A new connection's state; the user is a superuser unless he was created or was granted a role."""
        connection = self._connection.cursor()
        _configure(connection)
        return Session(self, connection, user)

    def lock(self, table: str) -> threading.Lock:
        """The lock of a table, the same for every session."""
        with self._guard:
            return self._locks.setdefault(table, threading.Lock())

    def close(self) -> None:
        """Write everything to the file."""
        self._connection.close()


class Session:
    """Runs Redshift SQL for one client; `status` is I (idle), T (in a transaction) or E (failed transaction)."""

    def __init__(self, warehouse: LocalWarehouse, connection: duckdb.DuckDBPyConnection, user: str) -> None:
        self.status = "I"
        self._user = user
        self._warehouse = warehouse
        self._connection = connection
        self._held: list[threading.Lock] = []

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> Result:
        """Run one or more statements; the last one's result. Raises RedshiftError."""
        try:
            result = Result("")
            for command in translate(sql, parameters):
                result = self._run(command)
        except Exception as error:
            if self.status == "T":
                self.status = "E"
            raise as_redshift_error(error) from error
        return result

    def describe(self, sql: str, parameter_count: int = 0) -> list[tuple[str, str]] | None:
        """Columns (name, DuckDB type) a query answers with; None for a statement without rows."""
        if self.status == "E":
            return None
        try:
            translated = translate(sql, [None] * parameter_count)
            last = translated[-1] if translated else None
            if not isinstance(last, commands.Sql) or not last.has_rows:
                return None
            last = access.permitted(self._connection, self._user, last)
            described = self._connection.execute(f"describe {last.text}").fetchall()
        except Exception as error:
            if self.status == "T":
                self.status = "E"
            raise as_redshift_error(error) from error
        return [(row[0], row[1]) for row in described]

    def close(self) -> None:
        """End the session; what is not committed is rolled back."""
        if self.status != "I":
            self._end("rollback")
        self._connection.close()

    def _run(self, command: commands.Command) -> Result:
        if isinstance(command, commands.Transaction):
            return self._transaction(command.action)
        if self.status == "E":
            raise AbortedTransactionError
        command = access.permitted(self._connection, self._user, command)
        match command:
            case commands.Recorded(kind, text, needs_autocommit):
                if needs_autocommit and self.status == "T":
                    raise RedshiftError(f"{kind.upper()} cannot run inside a transaction block", "25001")
                grants.note(self._connection, text)
                self._warehouse.recorded.append(text)
                return Result(kind.upper())
            case commands.Lock(table):
                self._take(table)
                return Result("LOCK TABLE")
            case commands.S3Command(kind, text):
                return self._s3(kind, text)
            case commands.CreateLike():
                return self._create_like(command)
            case commands.MaterializedView(name, query):
                return self._materialize(name, query)
            case commands.Merge(duplicates=duplicates):
                if self._connection.execute(duplicates).fetchone():
                    raise RedshiftError("Found multiple matches to update the same tuple.", "21000")
                return self._sql(command)
            case commands.CreateTable(table=table, columns=columns):
                return self._create(command, table, list(columns))
            case commands.DropRelation(names=names):
                return self._drop(command, names)
            case commands.AlterTable(tree=tree) if catalog.is_known(self._connection, tree.this.name.lower()):
                return self._alter(tree)
            case commands.Sql():
                return self._sql(command)

    def _sql(self, command: commands.Sql) -> Result:
        cursor = self._connection.execute(command.text)
        if command.has_rows:
            rows = cursor.fetchall()
            return Result(f"SELECT {len(rows)}", [(d[0], str(d[1])) for d in cursor.description], rows)
        if command.tag not in ("INSERT", "UPDATE", "DELETE", "MERGE"):
            return Result(command.tag)
        counted = cursor.fetchone()
        oid = "0 " if command.tag == "INSERT" else ""
        return Result(f"{command.tag} {oid}{counted[0] if counted else 0}")

    def _transaction(self, action: str) -> Result:
        if action == "begin":
            if self.status == "I":
                self._connection.execute("begin")
                self.status = "T"
            return Result("BEGIN")
        if self.status == "I":
            return Result(action.upper())
        outcome = "rollback" if self.status == "E" else action
        self._end(outcome)
        return Result(outcome.upper())

    def _end(self, action: str) -> None:
        try:
            self._connection.execute(action)
        except duckdb.Error as error:
            # DuckDB has rolled back when a commit meets a conflict; a rollback of an aborted one may be too late.
            if action == "commit":
                raise as_redshift_error(error) from error
        finally:
            self.status = "I"
            while self._held:
                self._held.pop().release()

    def _take(self, table: str) -> None:
        if self.status != "T":
            raise RedshiftError("LOCK is of use only in a transaction: begin first", "25P01")
        lock = self._warehouse.lock(table)
        if lock in self._held:
            return
        if not lock.acquire(timeout=LOCK_TIMEOUT_S):
            raise RedshiftError(f"another session has held the lock of {table} for {LOCK_TIMEOUT_S} s", "55P03")
        self._held.append(lock)

    def _s3(self, kind: str, text: str) -> Result:
        client = self._warehouse.s3_client
        if client is None:
            raise UnsupportedStatementError("COPY and UNLOAD need an S3 client; start the server with s3_client=…")
        if kind == "copy":
            s3_files.copy(self._connection, client, text)
            return Result("COPY")
        query, target, options = s3_files.parse_unload(text)
        (command,) = [access.permitted(self._connection, self._user, c) for c in translate(query)]
        if not isinstance(command, commands.Sql):
            raise UnsupportedStatementError("UNLOAD takes a SELECT")
        s3_files.unload(self._connection, client, command.text, target, options)
        return Result("UNLOAD")

    def _create(self, command: commands.Sql, table: str, columns: list[catalog.Declared]) -> Result:
        """A table that is there already, where that is allowed, is described already."""
        is_new = not catalog.is_known(self._connection, table)
        result = self._sql(command)
        if is_new:
            catalog.record(self._connection, table, columns)
        return result

    def _drop(self, command: commands.Sql, names: Sequence[str]) -> Result:
        result = self._sql(command)
        for name in names:
            if not catalog.is_in_public(self._connection, name):  # else another of this name was dropped
                catalog.forget(self._connection, name)
                grants.forget(self._connection, name)
        return result

    def _alter(self, tree: exp.Alter) -> Result:
        """All of it or nothing, as on Redshift."""
        is_in_transaction = self.status == "T"
        if not is_in_transaction:
            self._connection.execute("begin")
        try:
            catalog.alter(self._connection, tree, is_in_transaction)
        except BaseException:
            if not is_in_transaction:
                self._connection.execute("rollback")
            raise
        if not is_in_transaction:
            self._connection.execute("commit")
        return Result("ALTER TABLE")

    def _create_like(self, command: commands.CreateLike) -> Result:
        name = command.parent.split(".")[-1].strip('"')
        found = self._connection.execute("select sql from duckdb_tables() where table_name = ?", [name]).fetchone()
        if not found:
            raise RedshiftError(f'relation "{name}" does not exist', "42P01")
        tree = parse_one(found[0], read="duckdb")
        tree.this.set("this", exp.to_table(command.name, dialect="duckdb"))
        temporary = [exp.TemporaryProperty()] if command.is_temporary else []
        tree.set("properties", exp.Properties(expressions=temporary))
        self._connection.execute(tree.sql("duckdb"))
        return Result("CREATE TABLE")

    def _materialize(self, name: str, query: str | None) -> Result:
        if query is None and name not in self._warehouse.views:
            raise RedshiftError(f'materialized view "{name}" does not exist', "42P01")
        replace = "or replace " if query is None else ""
        self._connection.execute(f"create {replace}table {name} as {query or self._warehouse.views[name]}")
        self._warehouse.views.setdefault(name, query or "")
        return Result("REFRESH" if query is None else "CREATE MATERIALIZED VIEW")
