"""Maintenance reads Redshift's system views by columns they have, and finds what it is for: given rows, expected rows.

The laptop's Redshift has none of those views; where a query is run, a table with the view's documented columns
stands for it.
"""

from __future__ import annotations

import re

import pytest
import sqlglot
from sqlglot import exp

from cdp import resources
from localcloud.redshift.engine import LocalWarehouse

FOLDER = "sql/warehouse/maintenance"
NAMES = [name.removesuffix(".sql") for name in resources.names(FOLDER, ".sql")]
TEXT = {name: resources.read_text(f"{FOLDER}/{name}.sql") for name in NAMES}
QUESTIONS = [name for name in NAMES if name not in ("vacuum", "analyze")]
# As in https://docs.aws.amazon.com/redshift/latest/dg: r_SVV_TABLE_INFO, SYS_QUERY_HISTORY, SYS_SERVERLESS_USAGE
COLUMNS = {
    "svv_table_info": """database schema table_id table encoded diststyle sortkey1 max_varchar sortkey1_enc sortkey_num
        size pct_used empty unsorted stats_off tbl_rows skew_sortkey1 skew_rows estimated_visible_rows risk_event
        vacuum_sort_benefit""",
    "sys_query_history": """user_id query_id query_label transaction_id session_id database_name query_type status
        result_cache_hit start_time end_time elapsed_time queue_time execution_time error_message returned_rows
        returned_bytes query_text redshift_version usage_limit compute_type compile_time planning_time lock_wait_time
        service_class_id service_class_name query_priority short_query_accelerated user_query_hash generic_query_hash
        query_hash_version result_cache_query_id""",
    "sys_serverless_usage": """start_time end_time compute_seconds compute_capacity data_storage
        cross_region_transferred_data charged_seconds""",
}
NUMBERS = re.compile(r"(_id|_time|rows|seconds|capacity|storage|size|unsorted|stats_off|skew_\w+|benefit|empty)$")


@pytest.fixture
def session():
    warehouse = LocalWarehouse(":memory:")
    session = warehouse.session()
    for view, columns in COLUMNS.items():
        typed = ", ".join(f'"{c}" {kind_of(c)}' for c in columns.split())
        session.execute(f"create table {view} ({typed})")
    yield session
    session.close()
    warehouse.close()


def kind_of(column: str) -> str:
    if column in ("start_time", "end_time"):
        return "timestamp"
    if column == "result_cache_hit":
        return "boolean"
    return "decimal(19,2)" if NUMBERS.search(column) else "varchar(4000)"


def given(session, view: str, **row: object) -> None:
    names = ", ".join(f'"{name}"' for name in row)
    session.execute(f"insert into {view} ({names}) values ({', '.join(str(value) for value in row.values())})")


def ask(session, name: str, *columns: str) -> list[tuple]:
    result = session.execute(TEXT[name])
    places = [[c for c, _ in result.columns].index(column) for column in columns]
    return [tuple(row[place] for place in places) for row in result.rows]


@pytest.mark.parametrize("name", NAMES)
def test_a_file_is_one_statement_of_redshift_with_a_schedule_and_a_word_on_what_it_is_for(name):
    assert re.match(r"-- [A-Z]", TEXT[name])
    assert re.search(r"^-- schedule: cron\([^)]+ [^)]+\)$", TEXT[name], re.MULTILINE)
    (statement,) = sqlglot.parse(TEXT[name].rstrip().rstrip(";"), read="redshift")
    assert isinstance(statement, exp.Query if name in QUESTIONS else exp.Command | exp.Analyze)


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_question_reads_only_columns_that_the_system_view_has(name):
    tree = sqlglot.parse_one(TEXT[name], read="redshift")
    inner = {cte.alias for cte in tree.find_all(exp.CTE)}
    read = {table.name for table in tree.find_all(exp.Table)} - inner
    assert {re.search(r"Reads (\w+)", TEXT[name])[1]} == read
    known = set(COLUMNS[read.pop()].split()) | {alias.alias for alias in tree.find_all(exp.Alias)}
    assert {c.name for c in tree.find_all(exp.Column) if not isinstance(c.this, exp.Star)} - known - {"day"} == set()


@pytest.mark.parametrize("name", NAMES)
def test_every_statement_runs(session, name):
    session.execute(TEXT[name])


def test_a_table_that_is_not_well_is_found_with_what_helps(session):
    well = {
        "schema": "'public'",
        "tbl_rows": 1000,
        "estimated_visible_rows": 1000,
        "size": 10,
        "unsorted": 0,
        "stats_off": 0,
        "skew_rows": 1.1,
        "vacuum_sort_benefit": 0,
        "diststyle": "'KEY(customer_id)'",
    }
    for table, ill in {
        "well": {},
        "skewed": {"skew_rows": 9},
        "all_skewed": {"skew_rows": 9, "diststyle": "'ALL'"},
        "unsorted": {"unsorted": 50, "vacuum_sort_benefit": 30},
        "unsorted_without_harm": {"unsorted": 50},
        "deleted": {"estimated_visible_rows": 700},
        "stale": {"stats_off": 40},
    }.items():
        given(session, "svv_table_info", table=f"'{table}'", **(well | ill))
    found = ask(session, "table_health", "table_name", "finding")
    assert {table: finding.split(":")[0] for table, finding in found} == {
        "skewed": "skewed",
        "unsorted": "unsorted",
        "deleted": "full of deleted rows",
        "stale": "statistics are stale",
    }  # fmt: skip


def test_a_long_query_of_the_last_day_is_found(session):
    for number, (ago, seconds) in enumerate(((1, 31), (1, 29), (30, 500), (2, 60))):
        given(
            session,
            "sys_query_history",
            query_id=number,
            elapsed_time=seconds * 1_000_000,
            queue_time=500_000,
            start_time=f"dateadd(hour, -{ago}, getdate())",
        )
    assert ask(session, "long_queries", "query_id", "elapsed_s", "queue_s") == [(3, 60, 0.5), (0, 31, 0.5)]


def test_queries_of_one_shape_are_added_up(session):
    for number, (shape, seconds) in enumerate((("a", 10), ("b", 25), ("a", 20), ("a", 5))):
        given(
            session,
            "sys_query_history",
            query_id=number,
            user_id=number,
            generic_query_hash=f"'{shape}'",
            execution_time=seconds * 1_000_000,
            status="'success'",
            query_type="'SELECT'",
            result_cache_hit="false",
            start_time="dateadd(hour, -1, getdate())",
        )
    found = ask(session, "expensive_queries", "generic_query_hash", "count_runs", "execution_s", "percent_of_all")
    assert [(shape, runs, float(s), float(p)) for shape, runs, s, p in found] == [
        ("a", 3, 35, 58.3),
        ("b", 1, 25, 41.7),
    ]


def test_a_day_far_above_the_others_is_unusual(session):
    for ago, seconds in ((1, 36000), (2, 3600), (3, 3600), (40, 900000)):
        given(
            session,
            "sys_serverless_usage",
            charged_seconds=seconds,
            compute_seconds=seconds,
            start_time=f"dateadd(day, -{ago}, getdate())",
        )
    found = ask(session, "serverless_usage", "charged_rpu_hours", "is_unusual")
    assert [(float(hours), unusual) for hours, unusual in found] == [(10, True), (1, False), (1, False)]
