"""The demo's figures as tables in a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from localcloud.summary import FATES

COLOURS = {"pass": "green", "warn": "yellow", "fail": "red", "SUCCEEDED": "green", "FAILED": "red"}


def show_run(console: Console, run: dict[str, Any], warnings: Sequence[str]) -> None:
    """What became of every record of a run, its verdicts and its times."""
    table = Table("stage", "dataset", title=f"Run {run['run_id']}", title_justify="left")
    for fate in FATES:
        table.add_column(fate.replace("_", " "), justify="right")
    for line in run["stages"]:
        table.add_row(line["stage"], line["dataset"], *(f"{line[fate]:,}" if line[fate] else "·" for fate in FATES))
    console.print(table)
    counts = {verdict: list(run["verdicts"].values()).count(verdict) for verdict in ("pass", "warn", "fail")}
    said = ", ".join(f"[{COLOURS[v]}]{n} {v}[/]" for v, n in counts.items() if n)
    console.print(f"Gates: {said}")
    for warning in warnings:
        console.print(f"  [yellow]{warning}[/]")
    console.print(f"Run: [{COLOURS.get(run['status'], 'white')}]{run['status']}[/], seconds: {run['seconds']}")


def show_results(console: Console, results: dict[str, Any], work_dir: Path) -> None:
    """The warehouse's tables and where everything lies."""
    console.rule("The warehouse")
    table = Table("table")
    table.add_column("rows", justify="right")
    for name, rows in results["warehouse"].items():
        table.add_row(name, f"{rows:,}")
    console.print(table)
    console.print(f"Both days took {results['seconds_total']} s and at most {results['peak_rss_mb']} MB of memory.")
    console.print(f"Look at {work_dir / 'report.html'}, {work_dir / 'summary.json'}, {work_dir / 'warehouse.duckdb'}")
    console.print(f"and {work_dir / 'lake'}; `make demo-down` deletes all of it.")
