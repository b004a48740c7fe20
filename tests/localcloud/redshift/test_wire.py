from __future__ import annotations

import threading
from datetime import date, datetime
from decimal import Decimal

import duckdb
import pytest
import redshift_connector

from localcloud.redshift import RedshiftServer
from localcloud.redshift.wire import MOST_KEPT


@pytest.fixture
def account(run):
    run("create table account (k integer, x integer)")
    run("insert into account values (1, 100)")
    yield run
    run("drop table account")


def rows(connection, sql: str, *parameters) -> list[tuple]:
    cursor = connection.cursor()
    cursor.execute(sql, parameters or None)
    return [tuple(row) for row in cursor.fetchall()] if cursor.description else []


def test_a_wrong_password_is_refused(connect):
    with pytest.raises(redshift_connector.InterfaceError) as refusal:
        connect(password="wrong")
    assert refusal.value.args[0]["C"] == "28000"


VALUES = [True, 7, 2**40, 1.5, Decimal("12.34"), "it's $1", "ä", date(2026, 1, 2), datetime(2026, 1, 2, 3, 4, 5, 6)]


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_a_value_comes_back_as_it_was_bound(run, value):
    kinds = {bool: "boolean", int: "bigint", float: "float", Decimal: "decimal(10, 2)", str: "varchar(20)"}
    kind = kinds.get(type(value), "date" if type(value) is date else "timestamp")
    run(f"create temp table v (x {kind})")
    run("insert into v values (%s)", value)
    assert run("select x from v where x = %s", value) == [(value,)]


def test_null_is_bound_and_comes_back(run):
    assert run("select cast(%s as integer), null", None) == [(None, None)]


def test_uncommitted_rows_are_unseen_and_rolled_back(account, connect):
    writer = connect()
    rows(writer, "update account set x = 0")
    assert account("select x from account") == [(100,)]
    writer.rollback()
    assert account("select x from account") == [(100,)]


def test_a_reader_keeps_its_state_while_a_load_commits(account, connect):
    reader, writer = connect(), connect()
    assert rows(reader, "select x from account") == [(100,)]
    rows(writer, "update account set x = 0")
    writer.commit()
    assert rows(reader, "select x from account") == [(100,)]
    reader.commit()
    assert rows(reader, "select x from account") == [(0,)]


def test_after_an_error_a_transaction_takes_nothing_until_it_is_rolled_back(account, connect):
    connection = connect()
    rows(connection, "update account set x = 0")
    with pytest.raises(redshift_connector.ProgrammingError):
        rows(connection, "select nothing from account")
    with pytest.raises(redshift_connector.ProgrammingError) as refusal:
        rows(connection, "select 1")
    assert refusal.value.args[0]["C"] == "25P02"
    connection.commit()
    assert rows(connection, "select x from account") == [(100,)]


def test_a_client_that_vanishes_leaves_nothing_behind(account, connect):
    lost = connect()
    rows(lost, "update account set x = 0")
    rows(lost, "lock account")
    lost._usock.shutdown(2)
    account("begin")
    account("lock account")
    assert account("select x from account") == [(100,)]
    account("commit")


def test_a_lock_makes_the_second_transaction_wait_and_see_the_first(account, connect):
    first, second, seen = connect(), connect(), []
    rows(first, "lock account")
    rows(first, "update account set x = x + 1")

    def wait() -> None:
        rows(second, "lock account")
        seen.extend(rows(second, "select x from account"))

    waiting = threading.Thread(target=wait)
    waiting.start()
    waiting.join(0.2)
    assert waiting.is_alive()
    first.commit()
    waiting.join(5)
    assert seen == [(101,)]
    second.commit()


def test_temporary_tables_belong_to_one_connection(connect):
    one, other = connect(), connect()
    rows(one, "create temp table mine (k integer)")
    with pytest.raises(redshift_connector.ProgrammingError, match="mine does not exist"):
        rows(other, "select * from mine")
    other.rollback()


def test_the_number_of_changed_rows_is_told(account, connect):
    cursor = connect().cursor()
    cursor.execute("insert into account values (2, 2), (3, 3)")
    assert cursor.rowcount == 2


def test_percent_signs_and_semicolons_in_texts_stay(run):
    assert run("select 'a;b', '100%' like '%%'") == [("a;b", True)]


def test_an_answer_larger_than_what_is_sent_at_once_arrives_whole(run):
    run("create temp table n (k integer)")
    run("insert into n values (0), (1), (2), (3), (4), (5), (6), (7), (8), (9)")
    text = "x" * 100
    sql = "select a.k + 10 * b.k + 100 * c.k + 1000 * d.k, cast(%s as varchar(100)), null from n a, n b, n c, n d"
    answer = run(f"{sql} order by 1", text)
    assert len(answer) * len(text) > MOST_KEPT
    assert answer == [(k, text, None) for k in range(10_000)]


def test_a_question_asked_again_is_about_the_table_made_anew(run):
    run("create temp table t (k integer)")
    assert run("select * from t") == []
    run("drop table t")
    run("create temp table t (k integer, name varchar(5))")
    run("insert into t values (1, 'a')")
    assert run("select * from t") == [(1, "a")]


def test_a_stopped_server_has_rolled_back_and_written_the_file(tmp_path):
    server = RedshiftServer(tmp_path / "w.duckdb", password="p").start()
    login = {"host": "127.0.0.1", "port": server.port, "user": "u", "password": "p", "database": "cdp", "ssl": False}
    connection = redshift_connector.connect(**login)
    rows(connection, "create table t (k integer)")
    connection.commit()
    rows(connection, "insert into t values (1)")
    server.stop()
    assert duckdb.connect(str(tmp_path / "w.duckdb")).execute("select count(*) from public.t").fetchone() == (0,)
