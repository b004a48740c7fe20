"""What Redshift's catalog says of a table and DuckDB's does not: declared types, distribution and sort keys.

`pg_table_def` is a table of the warehouse's own file, written in the transaction of the DDL it describes. Tables in
it are altered by being built anew, because DuckDB keeps the checks of byte lengths as they were.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import duckdb
from sqlglot import exp, parse_one

from localcloud.redshift.errors import RedshiftError, UnsupportedStatementError
from localcloud.redshift.expressions import max_bytes

SCHEMA = "redshift_catalog"
CREATE = f"""create schema if not exists {SCHEMA};
create table if not exists {SCHEMA}.pg_table_def (schemaname text, tablename text, "column" text, type text,
  encoding text, distkey boolean, sortkey integer, "notnull" boolean)"""
TYPES = {
    "INT": "integer",
    "BIGINT": "bigint",
    "SMALLINT": "smallint",
    "BOOLEAN": "boolean",
    "DATE": "date",
    "DOUBLE": "double precision",
    "TIMESTAMP": "timestamp without time zone",
    "TIMESTAMPTZ": "timestamp with time zone",
}


@dataclass(frozen=True)
class Declared:
    """A column as its DDL declares it; `sortkey` is its place in the sort key, 0 when it has none."""

    name: str
    type: str
    encoding: str
    is_distkey: bool
    sortkey: int
    is_required: bool


def declared(tree: exp.Create) -> list[Declared]:
    """The columns of a CREATE TABLE, read before it loses what DuckDB does not know."""
    distkey = tree.find(exp.DistKeyProperty)
    sortkey = tree.find(exp.SortKeyProperty)
    sorted_by = [e.name.lower() for e in sortkey.this] if sortkey else []
    columns = [c for c in tree.this.expressions if isinstance(c, exp.ColumnDef)]
    return [_declared(c, distkey.this.name.lower() if distkey else "", sorted_by) for c in columns]


def record(connection: duckdb.DuckDBPyConnection, table: str, columns: list[Declared]) -> None:
    """Make the catalog say that a table has these columns."""
    forget(connection, table)
    for c in columns:
        row = ["public", table, c.name, c.type, c.encoding, c.is_distkey, c.sortkey, c.is_required]
        connection.execute(f"insert into {SCHEMA}.pg_table_def values (?, ?, ?, ?, ?, ?, ?, ?)", row)


def forget(connection: duckdb.DuckDBPyConnection, table: str) -> None:
    """A table is gone."""
    connection.execute(f"delete from {SCHEMA}.pg_table_def where tablename = ?", [table])


def is_known(connection: duckdb.DuckDBPyConnection, table: str) -> bool:
    """Whether the catalog describes a table."""
    found = connection.execute(f"select 1 from {SCHEMA}.pg_table_def where tablename = ?", [table])
    return found.fetchone() is not None


def is_in_public(connection: duckdb.DuckDBPyConnection, relation: str) -> bool:
    """Whether there is a table or view of this name that is no temporary one."""
    sql = "select 1 from information_schema.tables where table_schema = 'public' and table_name = ?"
    return connection.execute(sql, [relation]).fetchone() is not None


def alter(connection: duckdb.DuckDBPyConnection, tree: exp.Alter, is_in_transaction: bool) -> None:
    """ALTER TABLE of a known table: ADD COLUMN, DROP COLUMN, and a wider varchar; nothing else is emulated."""
    table = tree.this.name.lower()
    for action in tree.args["actions"]:
        if isinstance(action, exp.ColumnDef):
            _add(connection, table, action)
        elif isinstance(action, exp.AlterColumn) and action.args.get("dtype"):
            if is_in_transaction:
                raise RedshiftError("ALTER TABLE ALTER COLUMN cannot run inside a transaction block", "25001")
            _widen(connection, table, action.this.name.lower(), action.args["dtype"])
        elif isinstance(action, exp.Drop) and action.args.get("kind") == "COLUMN":
            _drop(connection, table, action.args["tables"][0].name.lower())
        else:
            raise UnsupportedStatementError(f"the laptop's warehouse does not emulate: ALTER TABLE {table} {action}")


def text_of(kind: exp.DataType) -> str:
    """A type as the catalog shows it."""
    size = max_bytes(kind)
    if size is not None:
        return f"character varying({size})" if kind.this != exp.DataType.Type.CHAR else f"character({size})"
    return TYPES.get(kind.this.value) or str(kind.sql("redshift")).lower()


def check_of(column: str, size: int) -> exp.ColumnConstraint:
    """The check that a text is no longer than its column's bytes."""
    check = parse_one(f'octet_length(encode("{column}")) <= {size}', read="duckdb")
    return exp.ColumnConstraint(kind=exp.CheckColumnConstraint(this=check))


def _declared(column: exp.ColumnDef, distkey: str, sorted_by: list[str]) -> Declared:
    name = column.name.lower()
    kinds = [c.kind for c in column.constraints]
    encoding = next((k.name for k in kinds if isinstance(k, exp.EncodeColumnConstraint)), "none")
    return Declared(
        name,
        text_of(column.kind),
        encoding.replace("raw", "none"),
        name == distkey,
        sorted_by.index(name) + 1 if name in sorted_by else 0,
        any(isinstance(k, exp.NotNullColumnConstraint) for k in kinds),
    )


def _add(connection: duckdb.DuckDBPyConnection, table: str, column: exp.ColumnDef) -> None:
    new = _declared(column, "", [])
    if new.is_required:
        raise RedshiftError("ALTER TABLE ADD COLUMN defined as NOT NULL must have a non-null default expression")
    size = max_bytes(column.kind)
    kind = exp.DataType.build("text", dialect="duckdb") if size is not None else column.kind
    constraints = [check_of(new.name, size)] if size is not None else []
    plain = exp.ColumnDef(this=exp.to_identifier(new.name), kind=kind, constraints=constraints)
    _rebuild(connection, table, lambda schema: schema.append("expressions", plain))
    record(connection, table, [*_known(connection, table), new])


def _widen(connection: duckdb.DuckDBPyConnection, table: str, name: str, kind: exp.DataType) -> None:
    known = {c.name: c for c in _known(connection, table)}
    before, size = known[name], max_bytes(kind)
    if size is None or not before.type.startswith("character varying") or size < int(before.type[18:-1]):
        raise RedshiftError(f'cannot alter type of column "{name}" from {before.type} to {text_of(kind)}', "0A000")

    def widen(schema: exp.Schema) -> None:
        (column,) = [c for c in schema.expressions if c.name.lower() == name]
        kept = [c for c in column.constraints if not isinstance(c.kind, exp.CheckColumnConstraint)]
        column.set("constraints", [*kept, check_of(name, size)])
        _without_check_of(schema, name)

    _rebuild(connection, table, widen)
    changed = Declared(name, text_of(kind), before.encoding, before.is_distkey, before.sortkey, before.is_required)
    record(connection, table, [changed if c.name == name else c for c in known.values()])


def _drop(connection: duckdb.DuckDBPyConnection, table: str, name: str) -> None:
    def drop(schema: exp.Schema) -> None:
        schema.set("expressions", [c for c in schema.expressions if c.name.lower() != name])
        _without_check_of(schema, name)

    _rebuild(connection, table, drop)
    record(connection, table, [c for c in _known(connection, table) if c.name != name])


def _without_check_of(schema: exp.Schema, name: str) -> None:
    """DuckDB states a column's check as one of the table; drop it."""
    kept = [
        part
        for part in schema.expressions
        if isinstance(part, exp.ColumnDef) or name not in {c.name.lower() for c in part.find_all(exp.Column)}
    ]
    schema.set("expressions", kept)


def _known(connection: duckdb.DuckDBPyConnection, table: str) -> list[Declared]:
    rows = connection.execute(
        f"""select "column", type, encoding, distkey, sortkey, "notnull" from {SCHEMA}.pg_table_def
        where tablename = ? order by rowid""",
        [table],
    ).fetchall()
    return [Declared(*row) for row in rows]


def _rebuild(connection: duckdb.DuckDBPyConnection, table: str, change: Callable[[exp.Schema], None]) -> None:
    """The table with changed columns and the rows and comments it had."""
    (ddl, comment) = connection.execute(
        "select sql, comment from duckdb_tables() where table_name = ? and schema_name = 'public'", [table]
    ).fetchone() or ("", None)
    comments = connection.execute(
        "select column_name, comment from duckdb_columns() where table_name = ? and schema_name = 'public'", [table]
    ).fetchall()
    before = [name for name, _ in comments]
    tree = parse_one(ddl, read="duckdb")
    change(tree.this)
    tree.this.set("this", exp.to_table(f"{table}__new"))
    connection.execute(tree.sql("duckdb", identify=True))
    after = {c.name.lower() for c in tree.this.expressions if isinstance(c, exp.ColumnDef)}
    kept = ", ".join(f'"{name}"' for name in before if name in after)
    connection.execute(f'insert into "{table}__new" ({kept}) select {kept} from "{table}"')
    connection.execute(f'drop table "{table}"')
    connection.execute(f'alter table "{table}__new" rename to "{table}"')
    if comment:
        connection.execute(f'comment on table "{table}" is {_literal(comment)}')
    for name, text in comments:
        if text and name in after:
            connection.execute(f'comment on column "{table}"."{name}" is {_literal(text)}')


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
