"""What the catalog says of a table is what its DDL declared, also after the table was altered."""

import pytest
import redshift_connector

DDL = """create table c (
  k bigint not null encode raw, name varchar(8) encode zstd, at timestamp not null encode az64, primary key (k)
) diststyle key distkey (k) compound sortkey (at, k)"""


@pytest.fixture
def c(run):
    run(DDL)
    yield run
    run("drop table c")


def described(run):
    return [
        tuple(row)
        for row in run(
            """select "column", type, encoding, distkey, sortkey, "notnull" from pg_table_def where tablename = 'c'"""
        )
    ]


def comments(run):
    return sorted(
        tuple(row)
        for row in run(
            """select coalesce(a.attname, ''), d.description from pg_description d
            join pg_class r on r.oid = d.objoid
            left join pg_attribute a on a.attrelid = r.oid and a.attnum = d.objsubid
            where r.relname = 'c' and d.description is not null"""
        )
    )


def test_a_table_is_described_as_it_was_declared(c):
    assert described(c) == [
        ("k", "bigint", "none", True, 2, True),
        ("name", "character varying(8)", "zstd", False, 0, False),
        ("at", "timestamp without time zone", "az64", False, 1, True),
    ]
    c(DDL.replace("create table", "create table if not exists").replace("varchar(8)", "varchar(9)"))
    assert described(c)[1][1] == "character varying(8)"


def test_a_new_column_is_last_and_keeps_to_its_width(c):
    c("insert into c values (1, 'a', '2026-01-01')")
    c("alter table c add column code varchar(3) encode zstd")
    assert described(c)[3] == ("code", "character varying(3)", "zstd", False, 0, False)
    assert [tuple(row) for row in c("select k, name, code from c")] == [(1, "a", None)]
    with pytest.raises(redshift_connector.ProgrammingError):
        c("insert into c values (2, 'b', '2026-01-01', 'four')")


def test_a_required_column_without_a_default_is_refused(c):
    with pytest.raises(redshift_connector.ProgrammingError, match="must have a non-null default"):
        c("alter table c add column code varchar(3) not null")


def test_a_text_may_get_wider_but_neither_narrower_nor_in_a_transaction(c):
    c("alter table c alter column name type varchar(12)")
    c("insert into c values (1, 'twelve bytes', '2026-01-01')")
    assert described(c)[1][1] == "character varying(12)"
    for statement in ("alter table c alter column name type varchar(9)", "alter table c alter column k type integer"):
        with pytest.raises(redshift_connector.ProgrammingError, match="cannot alter type"):
            c(statement)
    with pytest.raises(redshift_connector.ProgrammingError):
        c("insert into c values (2, 'thirteen byte', '2026-01-01')")
    c("begin")
    with pytest.raises(redshift_connector.ProgrammingError, match="transaction block"):
        c("alter table c alter column name type varchar(20)")
    c("rollback")


def test_comments_are_kept_when_a_table_is_altered_and_go_with_a_dropped_column(c):
    c("comment on table c is 'it''s c'")
    c("comment on column c.k is 'the key'")
    c("comment on column c.name is 'the name'")
    c("alter table c drop column name")
    assert comments(c) == [("", "it's c"), ("k", "the key")]
    assert [row[0] for row in described(c)] == ["k", "at"]


def test_what_a_rolled_back_transaction_did_is_not_described(c):
    c("begin")
    c("alter table c add column code varchar(3)")
    c("rollback")
    assert len(described(c)) == 3
