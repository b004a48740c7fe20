"""The demo's figures as tables in a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from cdp.run_summary import FATES

COLOURS = {"pass": "green", "warn": "yellow", "fail": "red", "SUCCEEDED": "green", "FAILED": "red"}


def show_run(console: Console, run: dict[str, Any], warnings: Sequence[str]) -> None:
    """What became of every record of a run, its verdicts and its times."""
    title = f"Run {run['run_id']}: what became of every record"
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("stage, dataset", no_wrap=True)
    shown = [fate for fate in FATES if any(line[fate] for line in run["stages"])]  # five columns fit most terminals
    for fate in shown:
        table.add_column(fate.replace("_", " "), justify="right", min_width=max(map(len, fate.split("_"))))
    for stage, lines in groupby(run["stages"], key=lambda line: line["stage"]):
        table.add_row(f"[bold]{stage}[/]")
        for line in lines:
            table.add_row(f" {line['dataset']}", *(f"{line[fate]:,}" if line[fate] else "·" for fate in shown))
    console.print(table)
    counts = {verdict: list(run["verdicts"].values()).count(verdict) for verdict in ("pass", "warn", "fail")}
    said = ", ".join(f"[{COLOURS[v]}]{n} {v}[/]" for v, n in counts.items() if n)
    console.print(f"Gates: {said}")
    for warning in warnings:
        console.print(f"  [yellow]{warning}[/]")
    seconds = ", ".join(f"{stage} {s:.1f}" for stage, s in run["seconds"].items() if s >= 0.1)
    console.print(f"Run: [{COLOURS.get(run['status'], 'white')}]{run['status']}[/] (seconds: {seconds})")


def show_results(console: Console, results: dict[str, Any], work_dir: Path) -> None:
    """The warehouse's tables and where everything lies."""
    console.rule("The warehouse")
    table = Table("table", box=box.SIMPLE_HEAD)
    table.add_column("rows", justify="right")
    for name, rows in results["warehouse"].items():
        table.add_row(name, f"{rows:,}")
    console.print(table)
    console.print(f"Both days took {results['seconds_total']} s and at most {results['peak_rss_mb']} MB of memory.")
    console.print(f"Look at {work_dir / 'report.html'}, {work_dir / 'summary.json'}, {work_dir / 'warehouse.duckdb'}")
    console.print(f"and {work_dir / 'lake'}; `make demo-down` deletes all of it.")
