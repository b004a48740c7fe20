"""Users, roles, grants, masks and row policies, kept in tables named after Redshift's views of them.

A statement that gives or takes writes them in its own transaction. Users that nobody created and who were granted no
role are superusers, as the one is with whom a Redshift begins. What is read here is applied in `access.py`.
"""

from __future__ import annotations

import re

import duckdb

from localcloud.redshift.errors import RedshiftError, UnsupportedStatementError

SCHEMA = "redshift_access"
COLUMNS = {
    "pg_user": "usename",
    "svv_roles": "role_name",
    "svv_user_grants": "user_name, role_name",
    "svv_role_grants": "role_name, granted_role_name",
    "svv_schema_privileges": "namespace_name, privilege_type, identity_name",
    "svv_relation_privileges": "relation_name, privilege_type, identity_name",
    "svv_system_privileges": "system_privilege, identity_name",
    "svv_masking_policy": "policy_name, input_columns, policy_expression",
    "svv_attached_masking_policy": "policy_name, table_name, input_columns, grantee, priority",
    "svv_rls_policy": "polname, polatts, polqual",
    "svv_rls_attached_policy": "polname, relname, grantee",
    "svv_rls_relation": "relname",
}
EXPRESSIONS = ("policy_expression", "polqual")  # kept as they are; names are folded to lower case
WHO = r'"?(?P<{}>[^" ]+)"?'
ROLE_OR_USER = "(?:role )?" + WHO.format("grantee")
MASKED = r"(?P<policy_name>\w+) on (?P<table_name>\w+) ?\( ?(?P<input_columns>\w+) ?\)"
FILTERED = r"(?P<polname>\w+) on (?P<relname>\w+)"
# What gives a row of a view, and what takes it away; groups are its columns. A user may be given what he has; a second
# object of one name is an error.
STATEMENTS = {
    "svv_roles": (r"create role (?P<role_name>\w+)", r"drop role (?P<role_name>\w+)"),
    "pg_user": (rf"create user {WHO.format('usename')}(?: .*)?", rf"drop user {WHO.format('usename')}"),
    "svv_user_grants": (
        rf"grant role (?P<role_name>[\w:]+) to {WHO.format('user_name')}",
        rf"revoke role (?P<role_name>[\w:]+) from {WHO.format('user_name')}",
    ),
    "svv_role_grants": (
        r"grant role (?P<granted_role_name>[\w:]+) to role (?P<role_name>\w+)",
        r"revoke role (?P<granted_role_name>[\w:]+) from role (?P<role_name>\w+)",
    ),
    "svv_system_privileges": (
        r"grant (?P<system_privilege>ignore rls) to (?:role )?(?P<identity_name>\w+)",
        r"revoke (?P<system_privilege>ignore rls) from (?:role )?(?P<identity_name>\w+)",
    ),
    "svv_masking_policy": (
        r"create masking policy (?P<policy_name>\w+) with ?\((?P<input_columns>\w+ .+?)\) "
        r"using ?\((?P<policy_expression>.+)\)",
        r"drop masking policy (?P<policy_name>\w+)",
    ),
    "svv_attached_masking_policy": (
        rf"attach masking policy {MASKED} to {ROLE_OR_USER}(?: priority (?P<priority>\d+))?",
        rf"detach masking policy {MASKED} from {ROLE_OR_USER}",
    ),
    "svv_rls_policy": (
        r"create rls policy (?P<polname>\w+) with ?\((?P<polatts>.+?)\) using ?\((?P<polqual>.+)\)",
        r"drop rls policy (?P<polname>\w+)",
    ),
    "svv_rls_attached_policy": (
        f"attach rls policy {FILTERED} to {ROLE_OR_USER}",
        f"detach rls policy {FILTERED} from {ROLE_OR_USER}",
    ),
    "svv_rls_relation": (
        r"alter table (?P<relname>\w+) row level security on",
        r"alter table (?P<relname>\w+) row level security off",
    ),
}
REPEATABLE = re.compile(r"grant |alter table ", re.IGNORECASE)
# What makes a row the same one; all of it where nothing is said.
KEYS = {
    "svv_masking_policy": ("policy_name",),
    "svv_attached_masking_policy": ("table_name", "input_columns", "grantee"),
    "svv_rls_policy": ("polname",),
}
# What is in use cannot be dropped.
USED_IN = {
    "svv_masking_policy": "svv_attached_masking_policy",
    "svv_rls_policy": "svv_rls_attached_policy",
    "svv_roles": "svv_user_grants",
}
PRIVILEGES = re.compile(
    r"(?P<verb>grant|revoke) (?P<privileges>[a-z, ]+?)(?: privileges)? on "
    r"(?P<kind>all tables in schema |schema |database |table )?(?P<name>[\w.]+) "
    r'(?:to|from) (?:role |group )?"?(?P<identity>[^" ]+)"?',
    re.IGNORECASE,
)
ALL = ("select", "insert", "update", "delete", "truncate", "drop", "alter", "references")
# Such a statement without effect would let people see more than was said; GRANT without effect less, and be noticed.
MUST_HOLD = re.compile(r"(attach|detach|revoke|drop|(create|alter) (masking|rls) policy)\b", re.IGNORECASE)

Connection = duckdb.DuckDBPyConnection


def create(connection: Connection) -> None:
    """Make the views' tables in a new warehouse, where everybody may make tables in public, as on Redshift."""
    sql = "select 1 from duckdb_tables() where schema_name = ? and table_name = 'pg_user'"
    if connection.execute(sql, [SCHEMA]).fetchone():
        return
    connection.execute(f"begin; create schema {SCHEMA}")
    for view, names in COLUMNS.items():
        connection.execute(f"create table {SCHEMA}.{view} ({', '.join(f'{n} text' for n in names.split(', '))})")
    connection.execute(f"insert into {SCHEMA}.svv_schema_privileges values ('public', 'create', 'public')")
    connection.execute("commit")


def note(connection: Connection, statement: str) -> None:
    """Give or take what a statement says; others pass. Raises RedshiftError for an object that is there already."""
    if match := PRIVILEGES.fullmatch(statement):
        _privileges(connection, match)
        return
    for view, (gives, takes) in STATEMENTS.items():
        if match := re.fullmatch(gives, statement, re.IGNORECASE):
            _give(connection, view, _row(match), bool(REPEATABLE.match(statement)))
            return
        if match := re.fullmatch(takes, statement, re.IGNORECASE):
            _take(connection, view, _row(match))
            return
    if MUST_HOLD.match(statement):
        raise UnsupportedStatementError(f"the laptop's warehouse does not emulate: {statement}")


def forget(connection: Connection, relation: str) -> None:
    """A table or view is gone, and with it what was granted on it or attached to it."""
    for view, column in {
        "svv_relation_privileges": "relation_name",
        "svv_attached_masking_policy": "table_name",
        "svv_rls_attached_policy": "relname",
        "svv_rls_relation": "relname",
    }.items():
        connection.execute(f"delete from {SCHEMA}.{view} where {column} = ?", [relation])


def identities(connection: Connection, user: str) -> frozenset[str] | None:
    """The user and the roles he has, by other roles too; None for a superuser."""
    user = user.lower()
    is_created = connection.execute(f"select 1 from {SCHEMA}.pg_user where usename = ?", [user]).fetchone()
    roles = connection.execute(
        f"""with recursive has(name) as (
          select role_name from {SCHEMA}.svv_user_grants where user_name = ?
          union select g.granted_role_name from {SCHEMA}.svv_role_grants g join has on g.role_name = has.name)
        select name from has""",
        [user],
    ).fetchall()
    names = frozenset(name for (name,) in roles)
    return frozenset({user, "public"}) | names if (is_created or names) and "sys:superuser" not in names else None


def _privileges(connection: Connection, match: re.Match[str]) -> None:
    kind, name, identity = (match["kind"] or "").lower().strip(), match["name"].lower(), match["identity"].lower()
    if kind == "database":
        return
    asked = [p.strip() for p in match["privileges"].lower().split(",")]
    if kind == "schema":
        types = ["usage", "create"] if asked == ["all"] else asked
        rows = [{"namespace_name": name, "privilege_type": t, "identity_name": identity} for t in types]
        view = "svv_schema_privileges"
    else:
        found = _relations(connection, name) if kind.startswith("all") else [name.split(".")[-1]]
        types = list(ALL) if asked == ["all"] else asked
        rows = [{"relation_name": r, "privilege_type": t, "identity_name": identity} for r in found for t in types]
        view = "svv_relation_privileges"
    for row in rows:
        if match["verb"].lower() == "grant":
            _give(connection, view, row, is_repeatable=True)
        else:
            _take(connection, view, row)


def _relations(connection: Connection, schema: str) -> list[str]:
    sql = "select table_name from information_schema.tables where table_schema = ?"
    return [name for (name,) in connection.execute(sql, [schema]).fetchall()]


def _row(match: re.Match[str]) -> dict[str, str]:
    found = {name: value for name, value in match.groupdict().items() if value is not None}
    return {name: value if name in EXPRESSIONS else value.lower() for name, value in found.items()}


def _give(connection: Connection, view: str, row: dict[str, str], is_repeatable: bool) -> None:
    key = {column: row[column] for column in KEYS.get(view, tuple(row))}
    if _is_there(connection, view, key):
        if is_repeatable:
            return
        raise RedshiftError(f"{' '.join(key.values())} exists already", "42710")
    places = ", ".join("?" * len(row))
    connection.execute(f"insert into {SCHEMA}.{view} ({', '.join(row)}) values ({places})", list(row.values()))


def _take(connection: Connection, view: str, row: dict[str, str]) -> None:
    if view in USED_IN and _is_there(connection, USED_IN[view], row):
        raise RedshiftError(f"{' '.join(row.values())} is in use: see {USED_IN[view]}", "2BP01")
    connection.execute(f"delete from {SCHEMA}.{view} where {_equal(row)}", list(row.values()))


def _is_there(connection: Connection, view: str, row: dict[str, str]) -> bool:
    sql = f"select 1 from {SCHEMA}.{view} where {_equal(row)}"
    return connection.execute(sql, list(row.values())).fetchone() is not None


def _equal(row: dict[str, str]) -> str:
    return " and ".join(f"{column} = ?" for column in row)
