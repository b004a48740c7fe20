"""The analysts' ten questions on the laptop's Redshift, at a million facts, beside the same written for DuckDB by hand.

All get every row into Python: an analyst's answer through redshift_connector, in another process than the warehouse
as it always is, the stand-in's own is the Redshift SQL as it runs it, and the one by hand is DuckDB's
(`questions.sql`). The ratio is of the latter two, in CPU seconds, which count when the machine is busy; what it takes
to send rows and to decode them, in plain Python, is told beside it and is the same for any query with as many.
"""

from __future__ import annotations

import argparse
import re
import tempfile
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

import duckdb

from cdp.warehouse_plan import create_statements
from localcloud import queries
from localcloud.redshift.engine import LocalWarehouse

BASELINE = Path(__file__).with_suffix(".sql")
BAR_S, BAR_RATIO = 1.0, 2.0
FACTS = BASELINE.with_stem("questions_facts")


class Cost(NamedTuple):
    """What one question took; CPU time is that of every process that took part."""

    seconds: float
    cpu: float
    rows: int


def main() -> None:
    """Make the warehouse, ask everything, print both times and what the bars say."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--facts", type=int, default=1_000_000, help="half of them sales (default: %(default)s)")
    parser.add_argument("--customers", type=int, default=50_000, help="default: %(default)s")
    parser.add_argument("--products", type=int, default=2_000, help="default: %(default)s")
    parser.add_argument("--times", type=int, default=3, help="each is asked so often, the best counts")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="cdp-questions-") as folder:
        _fill(Path(folder), options)
        answers = _answers(Path(folder), options.times)
        ours = _stand_in(Path(folder), options.times)
        theirs = _baseline(Path(folder), options.times)
    _show(answers, ours, theirs)


def _fill(folder: Path, options: argparse.Namespace) -> None:
    warehouse = LocalWarehouse(folder / queries.FILE)
    session = warehouse.session()
    for statement in create_statements():
        session.execute(statement)
    session.close()
    warehouse.close()
    with duckdb.connect(folder / queries.FILE) as connection:
        connection.execute("set schema = 'public'")
        connection.execute(
            FACTS.read_text().format(facts=options.facts, customers=options.customers, products=options.products)
        )


def _answers(folder: Path, times: int) -> dict[str, Cost]:
    """Asked by another process; this one is the warehouse."""
    with queries.serve_warehouse(folder) as where, ProcessPoolExecutor(1, get_context("spawn")) as analyst:
        answers = {}
        for name in queries.names():
            before = time.process_time()
            cost = analyst.submit(_asked, where, name, times).result()
            answers[name] = cost._replace(cpu=cost.cpu + (time.process_time() - before) / times)
        return answers


def _asked(where: Mapping[str, str], name: str, times: int) -> Cost:
    with closing(queries.connect(where)) as warehouse:
        warehouse.query("select 1")  # logs in
        return _best(times, lambda: queries.ask(warehouse, name).rows)


def _stand_in(folder: Path, times: int) -> dict[str, Cost]:
    warehouse = LocalWarehouse(folder / queries.FILE)
    session = warehouse.session()
    try:
        return {
            name: _best(times, lambda name=name: session.execute(queries.sql_of(name)).rows) for name in queries.names()
        }
    finally:
        session.close()
        warehouse.close()


def _baseline(folder: Path, times: int) -> dict[str, Cost]:
    parts = re.split(r"^-- (\w+)$", BASELINE.read_text(), flags=re.MULTILINE)
    with duckdb.connect(folder / queries.FILE, read_only=True) as connection:
        connection.execute("set schema = 'public'; set TimeZone = 'UTC'")
        for name, bound in (("as_of", "max"), ("first_on", "min")):
            connection.execute(f"set variable {name} = (select {bound}(transaction_at)::date from fact_sales)")
        return {
            name: _best(times, lambda sql=sql: connection.execute(sql).fetchall())
            for name, sql in zip(parts[1::2], parts[2::2], strict=True)
        }


def _best(times: int, ask: Callable[[], list[Any]]) -> Cost:
    """The one of so many times with the least CPU."""
    costs = []
    for _ in range(times):
        wall, cpu = time.perf_counter(), time.process_time()
        rows = len(ask())
        costs.append(Cost(time.perf_counter() - wall, time.process_time() - cpu, rows))
    return min(costs, key=lambda cost: cost.cpu)


def _show(answers: dict[str, Cost], ours: dict[str, Cost], theirs: dict[str, Cost]) -> None:
    print(f"{'':<33} {'answer':>16} {'its SQL':>8} {'by hand':>8}")
    print(f"{'question':<24} {'rows':>8} {'seconds':>8} {'CPU s':>7} {'CPU s':>8} {'CPU s':>8}  ratio  with the driver")
    for name, answer in answers.items():
        our, hand = ours[name], theirs[name]
        note = "" if answer.rows == hand.rows else f"  by hand: {hand.rows:,} rows"
        costs = f"{answer.seconds:>8.2f} {answer.cpu:>7.2f} {our.cpu:>8.2f} {hand.cpu:>8.2f}"
        print(f"{name:<24} {answer.rows:>8,} {costs} {our.cpu / hand.cpu:>6.2f} {answer.cpu / hand.cpu:>6.2f}{note}")
    fast = sum(answer.seconds <= BAR_S for answer in answers.values())
    close = sum(ours[name].cpu <= BAR_RATIO * theirs[name].cpu for name in ours)
    print(f"{fast} of {len(ours)} under {BAR_S:.0f} s, {close} at most {BAR_RATIO:.0f} times the one by hand")


if __name__ == "__main__":
    main()
