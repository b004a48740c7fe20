"""Given rows, expected rows for every question (the YAML files beside this one), and what Redshift allows in one.

A table of a case has columns between bars; an empty cell is NULL. Of an answer only the columns named are compared.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import sqlglot
import yaml
from sqlglot import exp

from cdp import resources
from cdp.warehouse import TABLES

FOLDER = "sql/warehouse/analytics"
QUESTIONS = [name.removesuffix(".sql") for name in resources.names(FOLDER, ".sql")]
TEXT = {question: resources.read_text(f"{FOLDER}/{question}.sql") for question in QUESTIONS}
CASES = {file.stem: yaml.safe_load(file.read_text()) for file in sorted(Path(__file__).parent.glob("*.yml"))}
# https://docs.aws.amazon.com/redshift/latest/dg/c_SQL_functions.html; COUNT(DISTINCT …) OVER () is not among them.
FUNCTIONS = {"avg", "coalesce", "count", "lag", "max", "median", "min", "nullif", "rank", "round", "sum"}
FUNCTIONS |= {"ts_or_ds_diff"}  # sqlglot's word for Redshift's DATEDIFF
SYNTAX = {"and", "or", "case", "if", "cast"}
NOT_IN_REDSHIFT = (exp.Filter, exp.NullSafeEQ, exp.NullSafeNEQ, exp.Lateral, exp.Unnest)
# Words that Redshift reserves and sqlglot takes as a name: …/redshift/latest/dg/r_pg_keywords.html
RESERVED = """backup delta explicit freeze identity lun new off offline offset old only open partition percent
permissions placing raw recover resort respect snapshot system tag top user wallet"""


def table(text: str | None) -> list[dict[str, str]]:
    """Rows of a table written with bars."""
    header, *rows = [[cell.strip() for cell in line.split("|")] for line in (text or "nothing").strip().splitlines()]
    return [dict(zip(header, row, strict=True)) for row in rows]


def parsed(question: str) -> exp.Query:
    return sqlglot.parse_one(TEXT[question], read="redshift")


@pytest.mark.parametrize(
    ("question", "case"), [(question, case) for question, cases in CASES.items() for case in cases], ids=str
)
def test_given_rows_have_the_expected_answer(analyst, question, case):
    given, expect = CASES[question][case]["given"], table(CASES[question][case]["expect"])
    for name, rows in (given or {}).items():
        analyst.given(name, table(rows))
    answer = analyst.ask(question)
    columns = list(expect[0]) if expect else []
    assert [{c: row[c] for c in columns} for row in answer] == expect


def test_every_question_has_a_case_with_rows_and_one_on_the_edge():
    assert [q for q in QUESTIONS if len(CASES.get(q, {})) < 2] == []
    assert set(CASES) == set(QUESTIONS)


@pytest.mark.parametrize("question", QUESTIONS)
def test_on_an_empty_warehouse_a_question_has_no_answer(analyst, question):
    assert analyst.ask(question) == []


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_file_begins_with_its_question_its_grain_and_what_it_reads(question):
    head = " ".join(re.findall(r"^-- (.*)$", TEXT[question], re.MULTILINE))
    assert re.match(r"[A-Z][^.?]+\? One row per ", head)
    inner = {cte.alias for cte in parsed(question).find_all(exp.CTE)}
    read = {t.name for t in parsed(question).find_all(exp.Table)} - inner
    assert set(re.search(r"Reads ([\w, ]+)\.$", head)[1].split(", ")) == read <= set(TABLES)


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_question_uses_only_what_redshift_has(question):
    tree = parsed(question)
    functions = {f.sql_name().lower() if not isinstance(f, exp.Anonymous) else f.name for f in tree.find_all(exp.Func)}
    assert functions - SYNTAX <= FUNCTIONS
    assert list(tree.find_all(*NOT_IN_REDSHIFT)) == []
    assert {a.alias.lower() for a in tree.find_all(exp.Alias, exp.TableAlias)} & set(RESERVED.split()) == set()


@pytest.mark.parametrize("question", QUESTIONS)
def test_windows_are_written_as_redshift_wants_them(question):
    for window in parsed(question).find_all(exp.Window):
        assert not window.args.get("alias"), "Redshift has no WINDOW clause"
        assert not window.find(exp.Distinct), "Redshift has no DISTINCT in a window"
        is_aggregate = isinstance(window.this, exp.Sum | exp.Avg | exp.Min | exp.Max | exp.Count)
        if is_aggregate and window.args.get("order"):
            assert window.args["spec"].args["kind"].upper() == "ROWS", "an ordered aggregate needs a frame"


@pytest.mark.parametrize("question", QUESTIONS)
def test_an_answer_has_an_order_and_does_not_depend_on_today(question):
    assert parsed(question).args.get("order")
    statement = re.sub(r"--.*", "", TEXT[question])
    assert not re.search(r"\b(sysdate|getdate|now|current_\w+|timeofday)\b", statement, re.IGNORECASE)
