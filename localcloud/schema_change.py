"""The plan between the contracts and a warehouse, shown or carried out: the demo's, or the one that settings name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from cdp.aws.warehouse import Warehouse, WarehouseStatementError, WarehouseUnavailableError
from cdp.aws.warehouse_schema import WarehouseSchemaError, migrate, read_live
from cdp.settings import Settings, SettingsError
from cdp.warehouse_plan import Plan, plan
from localcloud.queries import QueryError, open_warehouse

FAILURES = (QueryError, SettingsError, WarehouseUnavailableError, WarehouseStatementError, WarehouseSchemaError)


def run(console: Console, work_dir: Path, settings: Path | None, is_run: bool) -> int:
    """Show the plan, or run it; 0 when the warehouse is or becomes what the contracts describe, 1 when it cannot."""
    try:
        with _open(work_dir, settings) as warehouse:
            todo = migrate(warehouse) if is_run else plan(read_live(warehouse))
    except FAILURES as error:
        console.print(f"[red]{escape(str(error))}[/]", soft_wrap=True)
        return 1
    show(console, todo, is_run)
    return 1 if todo.refused else 0


def show(console: Console, todo: Plan, is_run: bool) -> None:
    """Statements, what is refused, and what it comes to."""
    for statement in todo.statements:
        console.print(f"{statement.rstrip(';')};", markup=False, highlight=False, soft_wrap=True)
    for reason in todo.refused:
        console.print(f"[red]refused[/] {escape(reason)}", soft_wrap=True)
    verb = "were run" if is_run else "to run: make warehouse-migrate"
    count = len(todo.statements)
    console.print(
        f"{count} statements {verb}" if count else "Nothing to do: the warehouse is what its contracts describe"
    )


@contextmanager
def _open(work_dir: Path, settings: Path | None) -> Iterator[Warehouse]:
    if settings is None:
        with open_warehouse(work_dir) as warehouse:
            yield warehouse
        return
    if not settings.is_file():
        raise QueryError(f"there is no {settings}; docs/warehouse_load.md says what stands in it")
    with closing(Warehouse(Settings.from_json(settings.read_text()))) as warehouse:
        yield warehouse
