"""Redshift statements with the answers Redshift gives (its documentation's rules), through the unmodified driver."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import pytest
import redshift_connector

CREATE = """create temp table t
(k integer not null encode az64 primary key, g varchar(5), x integer, ts timestamp, d date) distkey (k) sortkey (k)"""
ROWS = """insert into t values
(1, 'a', 1, '2026-01-31 10:00:00', '2026-01-31'), (2, 'a', 2, '2026-02-01 10:00:00', '2026-02-01'),
(3, 'b', null, null, null), (4, 'b', 5, '2026-03-01 23:59:59', '2026-03-01')"""

ANSWERS = [
    # numbers: integers divide to integers and average to integers, NULL is the greatest
    ("select 7 / 2, -7 / 2, 7 / 2.0", [(3, -3, 3.5)]),
    ("select avg(x), avg(x::float) from t", [(2, 8 / 3)]),
    ("select avg(x::decimal(10, 2)) from t", [(Decimal("2.67"),)]),
    ("select avg(count(*)) over () from t group by g", [(2,), (2,)]),
    ("select k, avg(x) over (partition by g) from t order by k", [(1, 1), (2, 1), (3, 5), (4, 5)]),
    ("select sum(x), count(*), count(x) from t", [(8, 4, 3)]),
    ("select round(100.0 * sum(case when x > 1 then 1 else 0 end) / nullif(count(*), 0), 1) from t", [(50.0,)]),
    ("select 1 / nullif(0, 0)", [(None,)]),
    ("select k from t order by x desc, k", [(3,), (4,), (2,), (1,)]),
    ("select k from t order by x, k", [(1,), (2,), (4,), (3,)]),
    ("select median(x), percentile_cont(0.5) within group (order by x) from t", [(2.0, 2.0)]),
    ("select approximate count(distinct g) from t", [(2,)]),
    ("select trunc(3.7), trunc(-3.7), mod(5, 3), round(2.567, 2)", [(3.0, -3.0, 2, Decimal("2.57"))]),
    ("select ratio_to_report(x) over (partition by g) from t where k < 3 order by k", [(1 / 3,), (2 / 3,)]),
    ("select greatest(1, null, 3), least(2, 1)", [(3, 1)]),
    # windows and shapes
    ("select k from t qualify row_number() over (partition by g order by x desc) = 1 order by 1", [(2,), (3,)]),
    ("select lag(x) ignore nulls over (order by k) from t order by k", [(None,), (1,), (2,), (2,)]),
    (
        "select sum(x) over (order by k rows unbounded preceding) from t order by k",
        [(Decimal(1),), (Decimal(3),), (Decimal(3),), (Decimal(8),)],
    ),
    ("select top 2 k from t order by k", [(1,), (2,)]),
    ("select g, sum(x) from t group by rollup (g) order by 1", [("a", 3), ("b", 5), (None, 8)]),
    ("with recursive n(i) as (select 1 union all select i + 1 from n where i < 3) select i from n", [(1,), (2,), (3,)]),
    ("select k from t where k < 3 minus select 1", [(2,)]),
    # text
    ("select concat('a', null), 'a' || null, concat('a', 'b')", [(None, None, "ab")]),
    (
        "select g, listagg(k, ',') within group (order by k desc) from t group by g order by g",
        [("a", "2,1"), ("b", "4,3")],
    ),
    ("select listagg(distinct g, '|') within group (order by g) from t", [("a|b",)]),
    ("select regexp_replace('aXbX', 'X', '-'), regexp_substr('ab12', '[0-9]+')", [("a-b-", "12")]),
    ("select 'abc' ~ 'b', 'AB' ilike 'a%', 'a_b' like 'a\\\\_b', 'axb' like 'a\\\\_b'", [(True, True, True, False)]),
    ("select len('abc'), charindex('b', 'abc'), split_part('a-b', '-', 2), left('abc', 2)", [(3, 2, "b", "ab")]),
    ("select 'abcdef'::varchar(3), initcap('hello world')", [("abc", "Hello World")]),
    ("select json_extract_path_text('{\"a\": {\"b\": \"x\"}}', 'a', 'b')", [("x",)]),
    # conditionals
    (
        "select nvl(x, 0), nvl2(x, 'y', 'n'), decode(g, 'a', 1, 'b', 2), isnull(x, 9) from t where k = 3",
        [(0, "n", 2, 9)],
    ),
    # time
    ("select dateadd(month, 1, '2026-01-31'::date)", [(datetime(2026, 2, 28),)]),
    ("select datediff(month, '2026-01-31'::date, '2026-02-01'::date)", [(1,)]),
    ("select datediff(hour, ts, dateadd(minute, 61, ts)) from t where k = 1", [(1,)]),
    (
        "select date_trunc('month', ts), date_trunc('week', d) from t where k = 1",
        [(datetime(2026, 1, 1), datetime(2026, 1, 26))],
    ),
    (
        "select trunc(ts), last_day(d), add_months(d, 1) from t where k = 1",
        [(date(2026, 1, 31), date(2026, 1, 31), datetime(2026, 2, 28))],
    ),
    ("select extract(dow from d), date_part(week, d), extract(quarter from d) from t where k = 2", [(0, 5, 1)]),
    (
        "select to_char(ts, 'YYYY-MM-DD HH24:MI:SS'), to_char(d, 'YYYYMM') from t where k = 1",
        [("2026-01-31 10:00:00", "202601")],
    ),
    ("select convert_timezone('UTC', 'Europe/Berlin', ts) from t where k = 1", [(datetime(2026, 1, 31, 11),)]),
    ("select convert_timezone('America/New_York', ts) from t where k = 1", [(datetime(2026, 1, 31, 5),)]),
    ("select '2026-01-05'::date - '2026-01-01'::date, '2026-01-01'::date + 3", [(4, date(2026, 1, 4))]),
    ("select current_date = getdate()::date, sysdate is not null", [(True, True)]),
]

REFUSED = [
    ("select 1 / 0", "22012"),
    ("select 'a' similar to 'a%'", "0A000"),
    ("select to_char(x, '999') from t", "0A000"),
    ("select to_char(ts, 'Month') from t", "0A000"),
    ("select x into y from t", "0A000"),
    ("create table z (a super)", "0A000"),
    ("create table z (a bigint identity(0, 1))", "0A000"),
    ("create procedure p() as $$ begin end $$ language plpgsql", "0A000"),
    ("truncate t", "0A000"),
    ("select object(1)", "42883"),
    ("select nothing from t", "42703"),
    ("select 1 from nothing", "42P01"),
    ("selec 1", "42601"),
    ("insert into t values (5, 'toolong', 1, null, null)", "22001"),
    ("insert into t values (5, 'äää', 1, null, null)", "22001"),
    ("insert into t (g) values ('a')", "23502"),
    (
        "merge into t using (select * from t) s on t.k = s.k when matched then delete "
        "when not matched then insert (k) values (s.k)",
        "0A000",
    ),
    ("merge into t using s on t.k = s.k when matched then update set x = s.x", "0A000"),
    (
        "merge into t as u using s on u.k = s.k when matched then delete when not matched then insert (k) values (s.k)",
        "0A000",
    ),
    ("copy t from 's3://bucket/key' format as parquet", "42601"),
    ("copy t from 's3://bucket/key' iam_role 'r' csv maxerror 10", "0A000"),
    ("copy t from 's3://bucket/key' iam_role 'r' format as parquet region 'x'", "0A000"),
    ("copy t (k, g) from 's3://bucket/key' iam_role 'r' format as parquet", "0A000"),
]


@pytest.fixture
def table(run):
    run(CREATE)
    run(ROWS)
    run("create temp table s (k integer, x integer)")
    return run


@pytest.mark.parametrize(("statement", "answer"), ANSWERS, ids=lambda value: str(value)[:60])
def test_a_statement_answers_as_on_redshift(table, statement, answer):
    assert table(statement) == answer


@pytest.mark.parametrize(("statement", "sqlstate"), REFUSED)
def test_a_statement_that_redshift_or_the_laptop_does_not_have_is_refused(table, statement, sqlstate):
    with pytest.raises(redshift_connector.ProgrammingError) as refusal:
        table(statement)
    assert refusal.value.args[0]["C"] == sqlstate


def test_keys_are_informational(table):
    table("insert into t select * from t where k = 1")
    assert table("select count(*) from t where k = 1") == [(2,)]


def test_merge_updates_what_matches_and_inserts_the_rest(table):
    table("insert into s values (1, 10), (9, 90)")
    table(
        "merge into t using s on t.k = s.k when matched then update set x = s.x "
        "when not matched then insert (k, x) values (s.k, s.x)"
    )
    assert table("select k, x from t order by k") == [(1, 10), (2, 2), (3, None), (4, 5), (9, 90)]


def test_merge_refuses_two_source_rows_for_one_target_row(table):
    table("insert into s values (1, 10), (1, 11)")
    with pytest.raises(redshift_connector.ProgrammingError, match="multiple matches"):
        table(
            "merge into t using s on t.k = s.k when matched then update set x = s.x "
            "when not matched then insert (k, x) values (s.k, s.x)"
        )


def test_a_table_made_like_another_keeps_byte_lengths_and_not_null(table):
    table("create temp table u (like t)")
    table("alter table u add column is_deleted boolean")
    for values in ("(1, 'toolong')", "(null, 'a')"):
        with pytest.raises(redshift_connector.ProgrammingError):
            table(f"insert into u (k, g) values {values}")


def test_what_has_no_meaning_on_one_machine_is_recorded(table, server):
    for statement in ("grant select on t to group analyst", "analyze t", "vacuum t"):
        table(statement)
        assert statement in server.warehouse.recorded


def test_a_materialized_view_has_new_rows_after_refresh(table):
    table("create table sale (x integer)")
    table("create materialized view total distkey (x) as select sum(x) as x from sale")
    table("insert into sale values (3)")
    assert table("select x from total") == [(None,)]
    table("refresh materialized view total")
    assert table("select x from total") == [(3,)]
    table("drop table total")
    table("drop table sale")
