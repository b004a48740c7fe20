"""Redshift SQL text becomes a list of commands the engine runs; what is not emulated raises, nothing is skipped.

Statements that change no row (GRANT, VACUUM, …) become `Recorded`; what a grant says is kept in `grants.py`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from sqlglot import exp, parse_one
from sqlglot.dialects.redshift import Redshift
from sqlglot.errors import ErrorLevel
from sqlglot.optimizer.normalize_identifiers import normalize_identifiers
from sqlglot.tokens import TokenType

from localcloud.redshift import catalog
from localcloud.redshift.commands import (
    AlterTable,
    Command,
    CreateLike,
    CreateTable,
    DropRelation,
    Lock,
    MaterializedView,
    Merge,
    Recorded,
    S3Command,
    Sql,
    Transaction,
)
from localcloud.redshift.errors import UnsupportedStatementError
from localcloud.redshift.expressions import literal, max_bytes, rewrite

# Text literals are matched first, so that a `$1` inside one is left alone.
PARAMETER = re.compile(r"'(?:[^']|'')*'|\$(\d+)")


TRANSACTIONS = {
    "begin": "begin",
    "start transaction": "begin",
    "commit": "commit",
    "end": "commit",
    "rollback": "rollback",
    "abort": "rollback",
}
RECORDED = (
    "grant|revoke|vacuum|analyze|attach|detach|alter default privileges|"
    "(create|alter|drop) (user|group|role|rls policy|masking policy)|"
    "alter table \\S+ (row level security|alter (distkey|diststyle|sortkey|compound|encode|column \\S+ encode))|"
    "set (query_group|statement_timeout|enable_result_cache_for_session|session authorization|wlm_query_slot_count)"
)
RECORDED_RE = re.compile(rf"({RECORDED})\b", re.IGNORECASE)
LOCK_RE = re.compile(r"lock\s+(?:table\s+)?([\w.\"]+)$", re.IGNORECASE)
MATERIALIZED_RE = re.compile(
    r"create\s+materialized\s+view\s+(?P<name>[\w.\"]+).*?\bas\s+(?P<query>(select|with)\b.*)$", re.I | re.S
)
REFRESH_RE = re.compile(r"refresh\s+materialized\s+view\s+([\w.\"]+)$", re.IGNORECASE)
LAYOUT = (exp.DistKeyProperty, exp.DistStyleProperty, exp.SortKeyProperty, exp.BackupProperty)
UNENFORCED = (
    exp.EncodeColumnConstraint,
    exp.PrimaryKeyColumnConstraint,
    exp.UniqueColumnConstraint,
    exp.Reference,
)
UNENFORCED_TABLE = (exp.PrimaryKey, exp.ForeignKey, exp.Constraint, exp.UniqueColumnConstraint)


def translate(sql: str, parameters: Sequence[Any] = ()) -> list[Command]:
    """The commands of one or more statements; `$1` stands for the first parameter. Raises RedshiftError."""
    if parameters:
        # To sqlglot `$1 … $` is a quoted text; a named placeholder is not.
        sql = PARAMETER.sub(lambda match: f":p{match[1]}" if match[1] else match[0], sql)
    return [_command(statement, parameters) for statement in split(sql)]


def split(sql: str) -> list[str]:
    """Single statements, without comments around them and without semicolons."""
    statements, first, last = [], None, 0
    for token in Redshift().tokenize(sql):
        if token.token_type == TokenType.SEMICOLON:
            if first is not None:
                statements.append(sql[first : last + 1])
            first = None
            continue
        first = token.start if first is None else first
        last = token.end
    return statements + ([sql[first : last + 1]] if first is not None else [])


def has_parameters(sql: str) -> int:
    """The highest `$n` in the text; 0 when there is none."""
    return max((int(number) for number in PARAMETER.findall(sql) if number), default=0)


def _command(statement: str, parameters: Sequence[Any]) -> Command:
    words = re.sub(r"\s+", " ", statement)
    lower = words.lower()
    for start, action in TRANSACTIONS.items():
        if re.match(rf"{start}\b", lower):
            return Transaction(action)
    if RECORDED_RE.match(words):
        return Recorded(lower.split()[0], words, needs_autocommit=lower.startswith("vacuum"))
    if match := LOCK_RE.match(words):
        return Lock(match[1].lower())
    if lower.startswith(("copy ", "unload ", "unload(")):
        return S3Command(lower.split("(")[0].split()[0], statement)
    if match := REFRESH_RE.match(words):
        return MaterializedView(match[1])
    if match := MATERIALIZED_RE.match(statement):
        return MaterializedView(match["name"], _duckdb(parse_one(match["query"], read="redshift"), parameters))
    if lower.startswith(("select", "with")) and not parameters:
        return _query(statement)
    return _parsed(parse_one(statement, read="redshift"), parameters)


@lru_cache(maxsize=128)
def _query(statement: str) -> Command:
    """As Redshift, too, compiles a query once; here it is described, run and asked again."""
    return _parsed(parse_one(statement, read="redshift"), ())


def _parsed(tree: exp.Expression, parameters: Sequence[Any]) -> Command:
    if isinstance(tree, exp.Create):
        return _create(tree, parameters)
    if isinstance(tree, exp.Merge):
        return _merge(tree, parameters)
    if isinstance(tree, exp.Query):
        return Sql(_duckdb(tree, parameters), "SELECT", has_rows=True)
    if isinstance(tree, exp.Alter):
        asked = tree.copy()
        for column in tree.find_all(exp.ColumnDef):
            _strip_column(column)
        return AlterTable(_duckdb(tree, parameters), "ALTER TABLE", tree=asked)
    if isinstance(tree, exp.Drop) and tree.args.get("kind") in ("TABLE", "VIEW"):
        names = tuple(table.name.lower() for table in tree.args["tables"])
        return DropRelation(_duckdb(tree, parameters), "DROP", names=names)
    for kind, tag in TAGS.items():
        if isinstance(tree, kind):
            return Sql(_duckdb(tree, parameters), tag)
    start = " ".join(tree.sql().split()[:3])
    raise UnsupportedStatementError(f"the laptop's warehouse does not emulate: {start} …")


TAGS: dict[type[exp.Expression], str] = {
    exp.Insert: "INSERT",
    exp.Update: "UPDATE",
    exp.Delete: "DELETE",
    exp.Drop: "DROP",
    exp.Comment: "COMMENT",
}


def _duckdb(tree: exp.Expression, parameters: Sequence[Any]) -> str:
    for placeholder in list(tree.find_all(exp.Placeholder)):
        index = int(placeholder.name.removeprefix("p"))
        if index > len(parameters):
            raise UnsupportedStatementError(f"there is no value for ${index}")
        placeholder.replace(literal(parameters[index - 1]))
    for table in tree.find_all(exp.Table):
        table.set("catalog", None)
    # Redshift folds names to lower case; quoted, they cannot meet a word that only DuckDB reserves.
    tree = normalize_identifiers(rewrite(tree), dialect="redshift")
    return str(tree.sql("duckdb", identify=True, unsupported_level=ErrorLevel.RAISE))


def _create(tree: exp.Create, parameters: Sequence[Any]) -> Command:
    kind = tree.kind
    if kind not in CREATES:
        raise UnsupportedStatementError(f"CREATE {kind} is not emulated; keep logic in SQL files and jobs")
    is_kept = isinstance(tree.this, exp.Schema) and tree.find(exp.TemporaryProperty) is None
    columns = catalog.declared(tree) if is_kept and kind == "TABLE" else []
    if properties := tree.args.get("properties"):
        properties.set("expressions", [p for p in properties.expressions if not isinstance(p, LAYOUT)])
    tree.set("no_schema_binding", None)
    if isinstance(tree.this, exp.Schema):
        if parent := tree.this.find(exp.LikeProperty):
            is_temporary = tree.find(exp.TemporaryProperty) is not None
            return CreateLike(tree.this.this.sql("duckdb"), parent.this.sql("duckdb"), is_temporary)
        _columns(tree.this)
    if columns:
        text = _duckdb(tree, parameters)
        return CreateTable(text, "CREATE TABLE", table=tree.this.this.name.lower(), columns=tuple(columns))
    return Sql(_duckdb(tree, parameters), f"CREATE {kind}")


CREATES = {"TABLE", "VIEW", "SCHEMA"}


def _columns(schema: exp.Schema) -> None:
    for part in list(schema.expressions):
        if isinstance(part, UNENFORCED_TABLE):
            schema.expressions.remove(part)
        elif isinstance(part, exp.ColumnDef):
            size = max_bytes(part.kind) if part.kind else None
            _strip_column(part)
            if size is not None:
                check = catalog.check_of(part.name.lower(), size)
                part.set("constraints", [*part.args.get("constraints", []), check])


def _strip_column(column: exp.ColumnDef) -> None:
    """Drop what Redshift does not enforce or DuckDB does not have."""
    for constraint in column.args.get("constraints", []):
        if isinstance(constraint.kind, exp.GeneratedAsIdentityColumnConstraint):
            raise UnsupportedStatementError("IDENTITY columns are not emulated; keys are hashes of natural keys")
    column.set("constraints", [c for c in column.args.get("constraints", []) if not isinstance(c.kind, UNENFORCED)])
    if column.kind and max_bytes(column.kind) is not None:
        column.set("kind", exp.DataType.build("text", dialect="duckdb"))


def _merge(tree: exp.Merge, parameters: Sequence[Any]) -> Merge:
    """Redshift's MERGE is narrower than DuckDB's: https://docs.aws.amazon.com/redshift/latest/dg/r_MERGE.html."""
    source, target = tree.args["using"], tree.this
    whens = tree.args["whens"].expressions
    broken: list[tuple[bool, str]] = [
        (not isinstance(source, exp.Table), "the source of MERGE must be a table, not a subquery"),
        (bool(target.alias), "the target of MERGE cannot have an alias"),
        (sorted(bool(w.args.get("matched")) for w in whens) != [False, True], "MERGE needs both WHEN clauses, once"),
        (any(w.args.get("condition") for w in whens), "WHEN clauses of MERGE take no further condition"),
    ]
    for is_broken, rule in broken:
        if is_broken:
            raise UnsupportedStatementError(rule)
    matches = exp.select("1").from_(target.copy()).join(source.copy(), on=tree.args["on"].copy())
    matches = matches.group_by(exp.column("rowid", table=target.name)).having("count(*) > 1").limit(1)
    duplicates = _duckdb(matches, parameters)
    return Merge(_duckdb(tree, parameters), "MERGE", duplicates=duplicates)
