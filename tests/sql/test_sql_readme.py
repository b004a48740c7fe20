"""What sql/README.md lists is what there is: the bus matrix against the DDL, the questions against the files."""

import re
from pathlib import Path

import sqlglot
from sqlglot import exp

from cdp import resources
from cdp.warehouse import TABLES

PAGE = (Path(__file__).resolve().parents[2] / "sql/README.md").read_text()


def rows_of(heading: str) -> list[list[str]]:
    """Cells of the table under a heading, without the line below its head."""
    section = PAGE.split(f"## {heading}")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if not line.startswith("|--")]


def dimensions_of(fact: str) -> set[str]:
    ddl = sqlglot.parse_one(resources.read_text(f"sql/warehouse/tables/{fact}.sql"), read="redshift")
    return {reference.this.this.name for reference in ddl.find_all(exp.Reference)}


def test_the_bus_matrix_is_that_of_the_foreign_keys():
    (_, _, *dimensions), *facts = rows_of("The bus matrix")
    assert set(dimensions) == {table for table in TABLES if table.startswith("dim_")}
    ticked = {
        fact: {name for name, cell in zip(dimensions, cells, strict=True) if cell == "✓"} for fact, _, *cells in facts
    }
    assert ticked == {table: dimensions_of(table) for table in TABLES if table.startswith("fact_")}


def test_every_question_is_listed():
    listed = [re.sub(r"`(\w+\.sql)`", r"\1", row[0]) for row in rows_of("The ten questions")[1:]]
    assert sorted(listed) == resources.names("sql/warehouse/analytics", ".sql")
