import re

import pytest
import sqlglot
from sqlglot import exp

from cdp import resources
from cdp.dataset import Dataset
from cdp.warehouse import (
    CHANGES,
    FULL,
    MANIFEST,
    TABLES,
    TableLoad,
    merge_statements,
    stage_statements,
)

WAREHOUSE_TYPES = {
    "string": "VARCHAR",
    "int": "INT",
    "bigint": "BIGINT",
    "boolean": "BOOLEAN",
    "date": "DATE",
    "timestamp_ltz": "TIMESTAMP",
}
# https://docs.aws.amazon.com/redshift/latest/dg/c_Compression_encodings.html
ENCODINGS = {
    "VARCHAR": {"raw", "zstd", "bytedict"},
    "BOOLEAN": {"raw", "zstd"},
    **{kind: {"raw", "az64"} for kind in ("INT", "BIGINT", "DATE", "TIMESTAMP")},
}
DDL = {table: resources.read_text(f"sql/warehouse/tables/{table}.sql") for table in (*TABLES, MANIFEST)}


def parsed(table: str) -> exp.Create:
    return sqlglot.parse_one(DDL[table], read="redshift")


def columns(table: str) -> list[exp.ColumnDef]:
    return [c for c in parsed(table).this.expressions if isinstance(c, exp.ColumnDef)]


def is_required(column: exp.ColumnDef) -> bool:
    return any(isinstance(c.kind, exp.NotNullColumnConstraint) for c in column.constraints)


@pytest.mark.parametrize("table", TABLES)
def test_a_table_has_the_columns_of_its_contract_in_order(table):
    contract = [(c.name, WAREHOUSE_TYPES[c.type], c.is_required) for c in Dataset.load(f"curated.{table}").columns]
    assert [(c.name, c.kind.this.value, is_required(c)) for c in columns(table)] == contract


@pytest.mark.parametrize("table", TABLES)
def test_a_table_declares_the_key_of_its_contract(table):
    key = parsed(table).find(exp.PrimaryKey)
    assert [k.name for k in key.expressions] == Dataset.load(f"curated.{table}").primary_key


@pytest.mark.parametrize("table", DDL)
def test_every_text_has_a_width_and_every_column_an_encoding_of_its_type(table):
    for column in columns(table):
        (encoding,) = [c.kind.name for c in column.constraints if isinstance(c.kind, exp.EncodeColumnConstraint)]
        assert encoding in ENCODINGS[column.kind.this.value], column.name
        assert column.kind.this.value != "VARCHAR" or column.kind.expressions, column.name


@pytest.mark.parametrize("table", DDL)
def test_a_table_says_what_it_is_its_grain_and_why_it_is_laid_out_so(table):
    header = "".join(line for line in DDL[table].splitlines() if line.startswith("--"))
    assert re.search(r"grain: .*distribution", header, re.IGNORECASE)
    assert "if not exists" in DDL[table]
    assert "diststyle" in DDL[table]


@pytest.mark.parametrize("table", TABLES)
def test_foreign_keys_point_at_tables_created_before(table):
    before = TABLES[: TABLES.index(table)]
    assert {r.this.this.name for r in parsed(table).find_all(exp.Reference)} <= set(before)


@pytest.mark.parametrize("table", TABLES)
def test_a_table_has_the_foreign_keys_of_its_contract(table):
    declared = {
        f"{key.expressions[0].name} -> {reference.this.this.name}.{reference.this.expressions[0].name}"
        for key in parsed(table).find_all(exp.ForeignKey)
        for reference in [key.find(exp.Reference)]
    }
    contract = {f"{c.name} -> {c.references}" for c in Dataset.load(f"curated.{table}").columns if c.references}
    assert declared == contract


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("kind", [FULL, CHANGES])
def test_every_statement_of_a_load_parses_as_redshift(table, kind):
    load = TableLoad(table, kind, snapshot_id=1, total=1, upserted=1, source="s3://bucket/manifest.json")
    for statement in stage_statements(load, "arn:aws:iam::1:role/r") + merge_statements(load):
        assert not isinstance(sqlglot.parse_one(statement, read="redshift"), exp.Command), statement
