"""`python -m localcloud query` and `queries`, on a warehouse file as a demo leaves it."""

import subprocess
import sys

import pytest

from cdp.warehouse_plan import create_statements
from localcloud.__main__ import main
from localcloud.queries import names
from localcloud.redshift import RedshiftServer

SALES = """insert into fact_sales values
(1, 'T1', 1, 20260131, -1, -1, -1, -1, 'a', 's', '1', 'p', '2026-01-31 10:00:00', false, 1, 125000, 0, 0, 125000, 'EUR',
 '2026-01-01', null),
(2, 'T2', 1, 20260228, -1, -1, -1, -1, 'b', 's', '2', '[p]', '2026-02-28 10:00:00', false, 1, 9900, 0, 0, 9900, 'EUR',
 '2026-02-01', null)"""


@pytest.fixture(scope="module")
def work_dir(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo")
    server = RedshiftServer(folder / "warehouse.duckdb").start()
    session = server.warehouse.session()
    for statement in (*create_statements(), SALES):
        session.execute(statement)
    session.close()
    server.stop()
    return folder


@pytest.fixture
def ask(work_dir, capsys):
    """Runs the command; its exit status and what it printed."""

    def ask(*arguments, folder=work_dir):
        return main([*arguments, "--work-dir", str(folder)]), capsys.readouterr().out

    return ask


def test_one_question_is_answered_in_a_table_that_cuts_nothing_off(ask):
    status, printed = ask("query", "customer_lifetime_value")
    assert status == 0
    assert "What has each customer brought us so far" in printed
    assert "average_order_cents" in printed
    assert "125,000" in printed
    assert "2 rows in" in printed


def test_only_so_many_rows_are_shown(ask):
    _, printed = ask("query", "product_performance", "--rows", "1")
    assert "125,000" in printed
    assert "[p]" not in printed
    assert "2 rows" in printed
    assert "--rows 2" in printed


def test_a_value_that_looks_like_markup_is_printed_as_it_is(ask):
    assert "[p]" in ask("query", "product_performance")[1]


def test_all_questions_are_timed(ask):
    status, printed = ask("queries")
    assert status == 0
    assert [name for name in names() if name not in printed] == []


def test_without_a_name_the_questions_are_listed(ask):
    status, printed = ask("query")
    assert status == 0
    assert "monthly_revenue" in printed
    assert printed.count("?") == len(names())


def test_an_unknown_question_is_told_with_the_known_ones(ask):
    status, printed = ask("query", "yearly_revenue")
    assert status == 1
    assert "'yearly_revenue'" in printed
    assert "monthly_revenue" in printed


def test_without_a_demo_it_says_how_to_get_one(ask, tmp_path):
    for command in (["query", "monthly_revenue"], ["queries"]):
        status, printed = ask(*command, folder=tmp_path)
        assert status == 1
        assert "`make demo` makes one" in printed


def test_a_warehouse_in_use_is_told_and_left_alone(ask, work_dir):
    opens = "import duckdb, sys; held = duckdb.connect(sys.argv[1]); print(flush=True); sys.stdin.read()"
    command = [sys.executable, "-c", opens, str(work_dir / "warehouse.duckdb")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        other.stdout.readline()
        status, printed = ask("queries")
        other.stdin.close()
    assert status == 1
    assert "in use by another program" in printed
