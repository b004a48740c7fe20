"""What a warehouse lacks by its contracts, shown or carried out: the demo's, or one that settings name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from cdp.aws.warehouse import Warehouse, WarehouseStatementError, WarehouseUnavailableError
from cdp.aws.warehouse_schema import WarehouseSchemaError, give_access, migrate, read_access, read_live
from cdp.settings import Settings, SettingsError
from cdp.warehouse_access import access_statements
from cdp.warehouse_plan import Plan, plan
from localcloud.queries import QueryError, open_warehouse

FAILURES = (QueryError, SettingsError, WarehouseUnavailableError, WarehouseStatementError, WarehouseSchemaError)
COMMANDS: dict[str, tuple[Callable[[Warehouse], Plan], str]] = {
    "warehouse-plan": (lambda warehouse: plan(read_live(warehouse)), "to run: make warehouse-migrate"),
    "warehouse-migrate": (migrate, "were run"),
    "warehouse-access-plan": (
        lambda warehouse: Plan(tuple(access_statements(read_access(warehouse))), ()),
        "to run: make warehouse-access",
    ),
    "warehouse-access": (lambda warehouse: Plan(tuple(give_access(warehouse)), ()), "were run"),
}


def run(console: Console, command: str, work_dir: Path, settings: Path | None) -> int:
    """Run one of COMMANDS and show its statements; 1 when the warehouse cannot become what the contracts describe."""
    act, outcome = COMMANDS[command]
    try:
        with _open(work_dir, settings) as warehouse:
            todo = act(warehouse)
    except FAILURES as error:
        console.print(f"[red]{escape(str(error))}[/]", soft_wrap=True)
        return 1
    for statement in todo.statements:
        console.print(f"{statement.rstrip().rstrip(';')};", markup=False, highlight=False, soft_wrap=True)
    for reason in todo.refused:
        console.print(f"[red]refused[/] {escape(reason)}", soft_wrap=True)
    count = len(todo.statements)
    if count:
        console.print(f"{count} statements {outcome}")
    elif not todo.refused:
        console.print("Nothing to do: the warehouse is what its contracts describe")
    return 1 if todo.refused else 0


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
