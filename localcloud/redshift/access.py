"""What a user may do and see: grants, row policies and masks of `grants.py`, applied to a statement before it runs.

As on Redshift a row policy comes before a mask, and a mask before every condition and join; both hold for whoever asks,
through views too, while a view's own tables need no grant. What a user makes in a schema of his is everybody's here.
https://docs.aws.amazon.com/redshift/latest/dg/t_ddm-considerations.html, …/t_rls_ownership.html
"""

from __future__ import annotations

import dataclasses
import re
from functools import cache
from typing import TypeVar, cast

from sqlglot import exp, parse_one
from sqlglot.optimizer.scope import traverse_scope

from localcloud.redshift import commands, grants
from localcloud.redshift.errors import RedshiftError, UnsupportedStatementError
from localcloud.redshift.translate import translate

HARMLESS = ("set", "vacuum", "analyze")
COPY_TARGET = re.compile(r"copy\s+(?:public\.)?([\w\"]+)", re.IGNORECASE)
# What a reference to a table may carry; with more (a sample, say) it is not known how to put a query in its place.
PLAIN = {"this", "db", "catalog", "alias"}


Checked = TypeVar("Checked", bound=commands.Command)


def permitted(connection: grants.Connection, user: str, command: Checked) -> Checked:
    """The statement as far as the user may run it; raises RedshiftError where he may not."""
    if isinstance(command, commands.Lock):
        return command  # nothing is read before the lock is held: a transaction sees what was there at its first read
    identities = grants.identities(connection, user)
    return command if identities is None else cast(Checked, _User(connection, identities).permitted(command))


class _User:
    """One who is no superuser; `identities` are his name and his roles."""

    def __init__(self, connection: grants.Connection, identities: frozenset[str]) -> None:
        self._connection = connection
        self._identities = sorted(identities)
        self._seen = cache(self._as_seen)  # a view may name a table several times

    def permitted(self, command: commands.Command) -> commands.Command:
        match command:
            case commands.Recorded(kind, text):
                if kind not in HARMLESS and "sys:secadmin" not in self._identities:
                    raise RedshiftError(f"permission denied: {' '.join(text.split()[:2])}", "42501")
                return command
            case commands.S3Command(kind, text):
                if kind == "copy" and (target := COPY_TARGET.match(text)):
                    self._require("insert", exp.to_table(target[1]))
                return command
            case commands.CreateLike(name, parent, is_temporary):
                self._require("select", exp.to_table(parent))
                self._require_place(exp.to_table(name), is_temporary)
                return command
            case commands.MaterializedView(name, query):
                self._require_place(exp.to_table(name))
                return dataclasses.replace(command, query=query and self._protected_text(query))
            case commands.Sql():
                return dataclasses.replace(command, text=self._protected_text(command.text))
            case _:
                return command

    def _protected_text(self, text: str) -> str:
        tree = parse_one(text, read="duckdb")
        if isinstance(tree, exp.Query):
            return str(self._protected(tree).sql("duckdb", identify=True))
        target = tree.this if isinstance(tree.this, exp.Table) else tree.find(exp.Table)
        match tree:
            case exp.Create():
                self._require_place(target, tree.find(exp.TemporaryProperty) is not None)
                if isinstance(tree.expression, exp.Query):
                    protected = self._protected(tree.expression.copy())
                    # A view is protected when it is asked, by who asks.
                    tree.set("expression", tree.expression if tree.kind == "VIEW" else protected)
            case exp.Insert():
                self._require("insert", target)
                if isinstance(tree.expression, exp.Query):
                    self._protected(tree.expression)
            case exp.Update() | exp.Delete() | exp.Merge():
                self._require("update" if isinstance(tree, exp.Merge) else tree.key, target)
                for table in tree.find_all(exp.Table):
                    self._require("select", table)
                    self._require_clear(table)
            case exp.Drop():
                for table in tree.args["tables"]:
                    self._require("drop", table)
            case _:
                self._require("alter", target)
        return str(tree.sql("duckdb", identify=True))

    def _protected(self, query: exp.Query, as_owner: bool = False) -> exp.Query:
        """The query, changed: every table of the warehouse stands behind what the user may see of it."""
        scopes = traverse_scope(query)
        found = [t for scope in scopes for t in scope.tables if t.db or t.name not in scope.cte_sources]
        known = {id(table) for scope in scopes for table in scope.tables}
        if any(id(table) not in known for table in query.find_all(exp.Table)):
            raise UnsupportedStatementError("the laptop's warehouse cannot tell what of this you may see")
        for table in found:
            self._protect(table, as_owner)
        return query

    def _protect(self, table: exp.Table, as_owner: bool) -> None:
        schema, kind = self._found(table)
        if schema != "public" and kind != "VIEW":
            return
        if {key for key, value in table.args.items() if value} - PLAIN:
            raise UnsupportedStatementError(f"not emulated for users with roles: {table.sql('redshift')}")
        name = table.name.lower()
        if schema == "public" and not as_owner:
            self._require_grant("select", name)
        seen = self._definition(schema, name) if kind == "VIEW" else self._seen(name).copy()
        alias = table.args.get("alias") or exp.TableAlias(this=exp.to_identifier(name))
        table.replace(exp.Subquery(this=seen, alias=alias))

    def _definition(self, schema: str, view: str) -> exp.Query:
        sql = "select sql from duckdb_views() where schema_name = ? and view_name = ?"
        ((text,),) = self._connection.execute(sql, [schema, view]).fetchall()
        return self._protected(parse_one(text, read="duckdb").expression, as_owner=True)

    def _as_seen(self, table: str) -> exp.Query:
        """A table's rows and columns as the user sees them."""
        masks = self._masks(table)
        columns = self._connection.execute(
            "select column_name from duckdb_columns() where schema_name = 'public' and table_name = ?", [table]
        ).fetchall()
        query = exp.select(*(exp.alias_(masks.get(c) or exp.column(c, "kept"), c) for (c,) in columns))
        query = query.from_(exp.to_table(f"public.{table}").as_("kept")).where(*self._row_conditions(table))
        (command,) = translate(query.sql("redshift"))
        return parse_one(command.text, read="duckdb")  # type: ignore[union-attr]

    def _masks(self, table: str) -> dict[str, exp.Expression]:
        """The expression in place of each masked column; of several that with the highest priority."""
        rows = self._mine(
            """select a.input_columns, p.input_columns, p.policy_expression from svv_attached_masking_policy a
            join svv_masking_policy p on p.policy_name = a.policy_name
            where a.table_name = ? and a.grantee {} order by cast(coalesce(a.priority, '0') as integer)""",
            table,
        )
        return {column: _of_column(text, declared.split()[0], column) for column, declared, text in rows}

    def _row_conditions(self, table: str) -> list[exp.Expression]:
        """All of them hold; where there is none, no row is seen."""
        is_on = self._connection.execute("select 1 from svv_rls_relation where relname = ?", [table]).fetchone()
        ignores = self._mine(
            "select 1 from svv_system_privileges where system_privilege = ? and identity_name {}", "ignore rls"
        )
        if not is_on or ignores or "sys:secadmin" in self._identities:
            return []
        rows = self._mine(
            """select p.polqual from svv_rls_attached_policy a join svv_rls_policy p on p.polname = a.polname
            where a.relname = ? and a.grantee {}""",
            table,
        )
        return [_of_column(text) for (text,) in rows] or [exp.false()]

    def _require_clear(self, table: exp.Table) -> None:
        name = table.name.lower()
        if self._found(table)[0] == "public" and (self._masks(name) or self._row_conditions(name)):
            raise UnsupportedStatementError(f"not emulated: changing {name}, of which you see only a part")

    def _require(self, privilege: str, table: exp.Table) -> None:
        if self._found(table)[0] == "public":
            self._require_grant(privilege, table.name.lower())

    def _require_grant(self, privilege: str, relation: str) -> None:
        sql = f"""select 1 from svv_relation_privileges
            where relation_name = ? and identity_name {{}} and privilege_type = '{privilege}'"""
        if not self._mine(sql, relation):
            raise RedshiftError(f"permission denied for relation {relation}", "42501")

    def _require_place(self, table: exp.Table, is_temporary: bool = False) -> None:
        schema = table.db or "public"
        sql = """select 1 from svv_schema_privileges
            where namespace_name = ? and identity_name {} and privilege_type = 'create'"""
        if not is_temporary and not self._mine(sql, schema):
            raise RedshiftError(f"permission denied for schema {schema}", "42501")

    def _mine(self, sql: str, name: str) -> list[tuple[str, ...]]:
        """Rows about a name and one of the user's identities, whose condition stands for `{}`."""
        places = ", ".join("?" * len(self._identities))
        return self._connection.execute(sql.format(f"in ({places})"), [name, *self._identities]).fetchall()

    def _found(self, table: exp.Table) -> tuple[str, str]:
        """Schema and kind of what a reference means, temporary tables first; empty for a function or nothing."""
        if not isinstance(table.this, exp.Identifier):
            return "", ""
        found = self._connection.execute(
            """select table_schema, table_type from information_schema.tables
            where table_name = ? and table_schema = coalesce(nullif(?, ''), table_schema)
            order by table_type = 'LOCAL TEMPORARY' desc, table_schema = 'public' desc""",
            [table.name.lower(), table.db],
        ).fetchone()
        return found or ("", "")


def _of_column(text: str, declared: str = "", column: str = "") -> exp.Expression:
    """A policy's expression over the table's own values; a mask's declared name stands for its column."""

    def own(node: exp.Expression) -> exp.Expression:
        if not isinstance(node, exp.Column):
            return node
        return exp.column(column if node.name.lower() == declared.lower() else node.name.lower(), "kept")

    return parse_one(text, read="redshift").transform(own)
