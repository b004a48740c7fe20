import re
from dataclasses import replace

import pytest
import sqlglot
from sqlglot import exp

from cdp import resources, warehouse_plan
from cdp.dataset import Dataset
from cdp.warehouse import MANIFEST, TABLES, VIEWS
from cdp.warehouse_plan import Column, Live, columns_of, create_statements, plan, table_comments, view_comment

UP_TO_DATE = Live(
    {table: columns_of(table) for table in (*TABLES, MANIFEST)},
    frozenset(VIEWS),
    {**table_comments(), **{(view, ""): view_comment(view) for view in VIEWS}},
)


def having(table: str, *columns: Column) -> Live:
    return replace(UP_TO_DATE, tables={**UP_TO_DATE.tables, table: columns})


def with_column(table: str, name: str, **changes: object) -> Live:
    return having(table, *(replace(c, **changes) if c.name == name else c for c in UP_TO_DATE.tables[table]))


@pytest.mark.parametrize("table", [*TABLES, MANIFEST])
def test_the_columns_are_those_of_the_file(table):
    tree = sqlglot.parse_one(resources.read_text(f"sql/warehouse/tables/{table}.sql"), read="redshift")
    distkey, sortkey = tree.find(exp.DistKeyProperty), tree.find(exp.SortKeyProperty)
    declared = [
        (
            column.name,
            any(isinstance(c.kind, exp.NotNullColumnConstraint) for c in column.constraints),
            distkey is not None and distkey.this.name == column.name,
            [e.name for e in sortkey.this].index(column.name) + 1
            if column.name in {e.name for e in sortkey.this}
            else 0,
            int(column.kind.expressions[0].name) if column.kind.expressions else None,
        )
        for column in tree.this.expressions
        if isinstance(column, exp.ColumnDef)
    ]
    assert [(c.name, c.is_required, c.is_distkey, c.sortkey, c.width) for c in columns_of(table)] == declared


def test_a_warehouse_as_described_needs_nothing():
    assert plan(UP_TO_DATE).statements == plan(UP_TO_DATE).refused == ()


def test_an_empty_warehouse_gets_everything_and_every_statement_is_redshifts():
    statements = create_statements()
    made = [s for s in statements if re.search(r"^create (table if not exists|view) ", s, re.MULTILINE)]
    assert len(made) == len(TABLES) + 1 + len(VIEWS)
    for statement in statements:
        assert not isinstance(sqlglot.parse_one(statement, read="redshift"), exp.Command), statement


def test_every_table_and_column_is_described():
    described = table_comments()
    for table in (*TABLES, MANIFEST):
        for name in ("", *(c.name for c in columns_of(table))):
            assert described[table, name], (table, name)
    assert (
        described["fact_sales", "net_cents"]
        == {c.name: c.description for c in Dataset.load("curated.fact_sales").columns}["net_cents"]
    )


def test_a_new_optional_column_is_added_with_its_comment():
    live = having("fact_sales", *(c for c in UP_TO_DATE.tables["fact_sales"] if c.name != "source_customer_id"))
    del (comments := dict(live.comments))["fact_sales", "source_customer_id"]
    todo = plan(replace(live, comments=comments))
    assert todo.refused == ()
    assert todo.statements == (
        "alter table fact_sales add column source_customer_id varchar(512) encode zstd",
        "comment on column fact_sales.source_customer_id is 'The source''s own id of the customer'",
    )


def test_a_text_gets_wider():
    assert plan(with_column("dim_product", "name", type="character varying(256)")).statements == (
        "alter table dim_product alter column name type varchar(1024)",
    )


REFUSED = {
    "a column that no contract has": (
        having("dim_date", *columns_of("dim_date"), Column("holiday", "boolean", False, 0, False)),
        "dim_date.holiday: .*dropping it would lose",
    ),
    "a narrower text": (
        with_column("dim_product", "name", type="character varying(2000)"),
        r"dim_product.name: varchar\(2000\) to varchar\(1024\) would cut",
    ),
    "another type": (with_column("fact_sales", "quantity", type="bigint"), "fact_sales.quantity: bigint to integer"),
    "a text that becomes a number": (
        with_column("fact_sales", "quantity", type="character varying(9)"), "character varying.* to integer"
    ),
    "a required column for rows without it": (
        having("fact_sales", *(c for c in columns_of("fact_sales") if c.name != "quantity")),
        "fact_sales.quantity: a required column has no value",
    ),
    "another nullability": (with_column("fact_sales", "quantity", is_required=False), "cannot change NOT NULL"),
    "another distribution key": (with_column("fact_sales", "customer_id", is_distkey=False), "moves every row"),
    "another sort key": (with_column("fact_sales", "transaction_at", sortkey=0), "moves every row"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_an_unsafe_step_is_refused_with_its_reason(case):
    live, reason = REFUSED[case]
    todo = plan(live)
    assert todo.statements == ()
    assert len(todo.refused) == 1
    assert re.search(reason, todo.refused[0])


def test_a_changed_view_is_made_anew(monkeypatch):
    real = resources.read_text
    monkeypatch.setattr(
        warehouse_plan.resources,
        "read_text",
        lambda name: real(name) + ("-- changed" if name.endswith("customer_transaction.sql") else ""),
    )
    dropped, created, described = plan(UP_TO_DATE).statements
    assert dropped == "drop view customer_transaction"
    assert "\ncreate view customer_transaction as\n" in created
    assert described.startswith("comment on view customer_transaction is 'Orders and refunds")
