"""The analysts' questions asked of a finished demo's warehouse, the way an analyst asks Redshift."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.measure import Measurement
from rich.table import Table

from cdp import resources
from cdp.aws.warehouse import Warehouse
from cdp.aws.warehouse_schema import give_access, read_live
from cdp.settings import Settings
from cdp.warehouse_access import ROLES
from localcloud.redshift import RedshiftServer
from localcloud.redshift.engine import SUPERUSER

FOLDER = "sql/warehouse/analytics"
FILE = "warehouse.duckdb"
PASSWORD = "local-only"
WIDEST = 1000  # characters of a line


class QueryError(Exception):
    """A question cannot be asked; the message says what to do."""


@dataclass(frozen=True)
class Answer:
    """Rows of a question, and the seconds from sending it to having all of them."""

    rows: list[dict[str, Any]]
    seconds: float


def names() -> list[str]:
    """The questions, by the names of their files."""
    return [name.removesuffix(".sql") for name in resources.names(FOLDER, ".sql")]


def sql_of(name: str) -> str:
    """A question's SQL; raises QueryError for a name that is not one."""
    if name not in names():
        raise QueryError(f"there is no question {name!r}; there are: {', '.join(names())}")
    return resources.read_text(f"{FOLDER}/{name}.sql")


def question_of(name: str) -> str:
    """The question itself, from the top of its file."""
    lines = (line.removeprefix("-- ") for line in sql_of(name).splitlines() if line.startswith("--"))
    return " ".join(lines).split("?")[0] + "?"


@contextmanager
def open_warehouse(work_dir: Path, role: str = "") -> Iterator[Warehouse]:
    """The warehouse a demo left in `work_dir`, as `serve_warehouse` serves it; raises QueryError."""
    with serve_warehouse(work_dir, role) as where, closing(connect(where)) as warehouse:
        yield warehouse


@contextmanager
def serve_warehouse(work_dir: Path, role: str = "") -> Iterator[dict[str, str]]:
    """Where the warehouse that a demo left in `work_dir` listens, as settings name it; raises QueryError.

    The login is that of a user with the role, for whom the warehouse masks what he may not see; without one, of the
    superuser.
    """
    if role and role not in ROLES:
        raise QueryError(f"there is no role {role!r}; there are: {', '.join(ROLES)}")
    file = work_dir / FILE
    if not file.is_file():
        raise QueryError(f"there is no {file}; `make demo` makes one")
    try:
        server = RedshiftServer(file, password=PASSWORD).start()
    except duckdb.IOException as error:
        raise QueryError(
            f"{file} is in use by another program; is a demo running, `make dashboard`, or a DuckDB client open? "
            "`make demo-down` stops a demo that was kept"
        ) from error
    login = {"user": SUPERUSER, "password": PASSWORD}
    where = {"host": "127.0.0.1", "port": str(server.port), "database": "cdp", "ssl": "false", **login}
    try:
        yield log_in_as(role, where) if role else where
    finally:
        server.stop()


def connect(where: Mapping[str, str]) -> Warehouse:
    """The warehouse that listens there, as settings name it."""
    return Warehouse(Settings.from_json(json.dumps({"environment": "local", "warehouse": where})))


def log_in_as(role: str, where: dict[str, str]) -> dict[str, str]:
    """The login of a user with a role, in a warehouse whose tables give every role what the contracts say."""
    user = f"{role}_user"
    with closing(connect(where)) as warehouse:
        if read_live(warehouse).tables:
            give_access(warehouse)
            warehouse.execute(f"grant role {role} to {user}")
    return where | {"user": user}


def ask(warehouse: Warehouse, name: str) -> Answer:
    """Ask one question."""
    sql = sql_of(name)
    began = time.perf_counter()
    rows = warehouse.query(sql)
    return Answer(rows, time.perf_counter() - began)


def show_answer(console: Console, name: str, answer: Answer, most_rows: int) -> None:
    """The question and the first rows of its answer as a table, as wide as it needs to be."""
    _say(console, f"[bold]{question_of(name)}[/]")
    if answer.rows:
        table = _table(answer.rows[:most_rows])
        needed = Measurement.get(console, console.options.update(max_width=WIDEST), table).maximum
        console.width = max(needed, console.width)
        console.print(table, crop=False)
    more = len(answer.rows) - most_rows
    note = f"; the first {most_rows} are shown, ARGS='--rows {len(answer.rows)}' shows all" if more > 0 else ""
    _say(console, f"{len(answer.rows):,} rows in {answer.seconds:.2f} s{note}")
    _say(console, f"[dim]{FOLDER}/{name}.sql[/]")


def show_timings(console: Console, answers: dict[str, Answer]) -> None:
    """Every question with its number of rows and its time."""
    table = Table("question", box=SIMPLE_HEAD)
    for column in ("rows", "seconds"):
        table.add_column(column, justify="right")
    for name, answer in answers.items():
        table.add_row(name, f"{len(answer.rows):,}", f"{answer.seconds:.2f}")
    console.print(table)


def show_questions(console: Console) -> None:
    """What can be asked."""
    for name in names():
        _say(console, f"[bold]{name:25}[/]{question_of(name)}")


def _say(console: Console, text: str) -> None:
    console.print(text, soft_wrap=True)


def _table(rows: Sequence[dict[str, Any]]) -> Table:
    table = Table(box=SIMPLE_HEAD)
    for column in rows[0]:
        is_number = any(_is_number(row[column]) for row in rows)
        table.add_column(column, justify="right" if is_number else "left", no_wrap=True)
    for row in rows:
        table.add_row(*(_text(column, value) for column, value in row.items()))
    return table


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def _text(column: str, value: Any) -> str:
    if value is None:
        return "·"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if column.endswith("_cents"):
        return f"{value:,}"
    return escape(str(value))
