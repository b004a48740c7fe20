"""The way from the warehouse as it is to the one its contracts describe: safe statements only, or the reasons why not.

A statement is safe when it loses nothing and breaks no query: a new table, view or comment, a new optional column at
the end, a wider text. Anything else is refused with what to do. A plan is made from what is there, so that a migration
that was killed goes on where it stopped. No statement needs the one after it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from cdp import resources
from cdp.warehouse import MANIFEST, TABLES, VIEWS, dataset_of

COLUMN = re.compile(
    r"^    (?P<name>\w+) +(?P<type>varchar\((?P<width>\d+)\)|\w+) +(?P<required>not null)? *encode (?P<encoding>\w+)"
    r"[^,\n]*,?(?: *-- (?P<comment>.*))?$",
    re.MULTILINE,
)
KEYS = re.compile(r"(?P<kind>distkey|sortkey) \((?P<columns>[^)]*)\)")
# How Redshift's catalog writes the types of the DDL.
TYPES = {"timestamp": "timestamp without time zone"}
VARCHAR = "character varying"


@dataclass(frozen=True)
class Column:
    """A column of a warehouse table, its type as pg_table_def has it; `sortkey` counts from 1, 0 is none."""

    name: str
    type: str
    is_distkey: bool
    sortkey: int
    is_required: bool

    @property
    def width(self) -> int | None:
        """Bytes of a text; None for other types."""
        return int(self.type[len(VARCHAR) + 1 : -1]) if self.type.startswith(VARCHAR) else None


@dataclass(frozen=True)
class Live:
    """What a warehouse has: columns of its tables in their order, its views, and comments by (relation, column).

    The comment of a relation itself has no column: (`dim_date`, ``).
    """

    tables: Mapping[str, tuple[Column, ...]]
    views: frozenset[str]
    comments: Mapping[tuple[str, str], str]


EMPTY = Live({}, frozenset(), {})


@dataclass(frozen=True)
class Plan:
    """Statements to run in order, each outside of a transaction; `refused` says what stands in the way."""

    statements: tuple[str, ...]
    refused: tuple[str, ...]


def create_statements() -> list[str]:
    """What makes an empty warehouse."""
    return list(plan(EMPTY).statements)


def plan(live: Live) -> Plan:
    """What takes a warehouse to its contracts."""
    statements: list[str] = []
    refused: list[str] = []
    for table in (*TABLES, MANIFEST):
        if table not in live.tables:
            statements.append(_ddl(table))
        else:
            safe, unsafe = _changes(table, live.tables[table])
            statements += safe
            refused += unsafe
    described = table_comments()
    statements += [_comment(*key, text) for key, text in described.items() if live.comments.get(key) != text]
    for view in VIEWS:
        # The comment ends with the fingerprint of the view's text and is written after it: it tells what is there.
        if live.comments.get((view, "")) != view_comment(view):
            statements += [f"drop view {view}"] if view in live.views else []
            statements += [_view(view), _comment(view, "", view_comment(view))]
    return Plan(tuple(statements), tuple(refused))


def columns_of(table: str) -> tuple[Column, ...]:
    """The columns that a table's file declares."""
    ddl = _ddl(table)
    keys = {match["kind"]: [c.strip() for c in match["columns"].split(",")] for match in KEYS.finditer(ddl)}
    sorted_by = keys.get("sortkey", [])
    return tuple(
        Column(
            match["name"],
            f"{VARCHAR}({match['width']})" if match["width"] else TYPES.get(match["type"], match["type"]),
            match["name"] in keys.get("distkey", []),
            sorted_by.index(match["name"]) + 1 if match["name"] in sorted_by else 0,
            bool(match["required"]),
        )
        for match in COLUMN.finditer(ddl)
    )


def table_comments() -> dict[tuple[str, str], str]:
    """What every table and column means, by (table, column), from the dataset contracts.

    The load manifest is no table of the lake; its file describes it.
    """
    comments = {}
    for table in TABLES:
        dataset = dataset_of(table)
        comments[table, ""] = f"{dataset.description}. {dataset.grain}. From {dataset.name} of the lake."
        comments |= {(table, c.name): c.description for c in dataset.columns}
    comments[MANIFEST, ""] = _header(_ddl(MANIFEST))
    comments |= {(MANIFEST, match["name"]): match["comment"] for match in COLUMN.finditer(_ddl(MANIFEST))}
    return comments


def view_comment(view: str) -> str:
    """What a view is, from the top of its file, and which text made it."""
    text = _view(view)
    return f"{_header(text)} [{hashlib.sha256(text.encode()).hexdigest()[:8]}]"


def _changes(table: str, live: tuple[Column, ...]) -> tuple[list[str], list[str]]:
    """Safe statements that change a table, and what is refused."""
    wanted, there = {c.name: c for c in columns_of(table)}, {c.name: c for c in live}
    refused = [
        f"{table}.{name}: is in the warehouse and in no contract; dropping it would lose what it holds. Unload it if "
        "somebody needs it, drop it by hand"
        for name in there
        if name not in wanted
    ]
    statements = []
    for name, column in wanted.items():
        if name not in there:
            if column.is_required:
                refused.append(
                    f"{table}.{name}: a required column has no value for the rows that are there; make it "
                    "optional in the contract and the table's file"
                )
            else:
                statements.append(f"alter table {table} add column {_definition(table, name)}")
        elif reason := _refusal(column, there[name]):
            refused.append(f"{table}.{name}: {reason}")
        elif column.width != there[name].width:
            statements.append(f"alter table {table} alter column {name} type varchar({column.width})")
    return statements, refused


def _refusal(wanted: Column, live: Column) -> str:
    """Why a column cannot become what is wanted; empty when it can."""
    if wanted.width is not None and live.width is not None:
        if wanted.width < live.width:
            return f"varchar({live.width}) to varchar({wanted.width}) would cut texts off; leave it as wide as it is"
    elif wanted.type != live.type:
        return f"{live.type} to {wanted.type} changes what queries get; add a column of the new type under another name"
    if wanted.is_required != live.is_required:
        return "Redshift cannot change NOT NULL of a column; say in the table's file what the warehouse has"
    if (wanted.is_distkey, wanted.sortkey) != (live.is_distkey, live.sortkey):
        return (
            "another distribution or sort key moves every row of the table; run ALTER TABLE … ALTER DISTKEY or ALTER "
            "SORTKEY by hand when nobody works"
        )
    return ""


def _definition(table: str, column: str) -> str:
    match = next(match for match in COLUMN.finditer(_ddl(table)) if match["name"] == column)
    return f"{column} {match['type']} encode {match['encoding']}"


def _comment(relation: str, column: str, text: str) -> str:
    kind = "column" if column else "view" if relation in VIEWS else "table"
    name = f"{relation}.{column}" if column else relation
    return f"comment on {kind} {name} is '{text.replace(chr(39), chr(39) * 2)}'"


def _header(text: str) -> str:
    """The comment on top of a file, as one line."""
    lines: Iterator[str] = iter(text.splitlines())
    top = []
    for line in lines:
        if not line.startswith("--"):
            break
        top.append(line.removeprefix("--").strip())
    return " ".join(top)


def _ddl(table: str) -> str:
    return resources.read_text(f"sql/warehouse/tables/{table}.sql")


def _view(view: str) -> str:
    return resources.read_text(f"sql/warehouse/views/{view}.sql")
