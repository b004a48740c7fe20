"""The lint finds each construct that the engines read differently, and finds none in what the platform runs."""

from dataclasses import replace

import pytest

from cdp.dataset import Dataset
from cdp.engines.duckdb import DuckDBEngine
from cdp.engines.sql_text import bind
from cdp.quality import check as check_quality
from cdp.quality_rules import compile_rules
from tests.engines import pipeline
from tests.engines.edge_rows import edge_rows
from tests.sql import lint

TABLES = {
    "t": {"s": "string", "i": "int", "d": "double", "m": "decimal(10,2)", "w": "decimal(10,0)", "at": "timestamp_ltz"},
    "u": {"s": "string", "i": "int", "is_it": "boolean"},
}
PLANTED = [
    ("function", "levenshtein(s, 'a')"),
    ("function", "split(s, '.')"),
    ("function", "hash(s)"),
    ("function", "xxhash64(s)"),
    ("function", "get_json_object(s, '$.a')"),
    ("timestamp", "try_cast(s as timestamp)"),
    ("timestamp", "timestamp '2026-01-01 00:00:00'"),
    ("timestamp", "cast(s as timestamp_ntz)"),
    ("clock", "current_timestamp"),
    ("clock", "current_date"),
    ("division", "i / d"),
    ("division", "i / 0"),
    ("division", "i % i"),
    ("division", "i / count(*)"),
    ("cast", "cast(s as int)"),
    ("cast", "try_cast(s as bigint)"),
    ("cast", "cast(d as int)"),
    ("cast", "cast(m as bigint)"),
    ("cast", "cast(i / nullif(i, 0) as int)"),
    ("cast", "cast(d as decimal(10, 2))"),
    ("cast", "cast(m as decimal(10, 1))"),
    ("cast", "cast(at as string)"),
    ("cast", "cast(d as string)"),
    ("cast", "cast(m as string)"),
    ("concatenation", "s || 'x'"),
    ("concatenation", "concat(s, 'x')"),
    ("text", r"regexp_extract(s, '\d', 0)"),
    ("text", "coalesce(s, 'it''s')"),
    ("window", "row_number() over (partition by s)"),
    ("window", "row_number() over ()"),
    ("window", "lag(s) over (partition by i)"),
]
SAFE = [
    "i / nullif(i, 0)",
    "i / 100",
    "cast(i as string)",
    "cast(w as bigint)",
    "cast(i as decimal(10, 2))",
    "cast(conv(substring(md5(s), 1, 15), 16, 10) as bigint)",
    "cast(at as date)",
    "cast(unix_micros(at) as string)",
    "cast(null as string)",
    "concat('it', chr(39), coalesce(s, ''))",
    "concat_ws('|', s, cast(i as string))",
    "try_cast(s as timestamp_ltz)",
    "row_number() over (partition by s order by i)",
    "s in :values and at < :run_at",
]


def found(sql):
    return [(finding.line, finding.rule) for finding in lint.check(sql, "step.sql", TABLES)]


@pytest.mark.parametrize(("rule", "expression"), PLANTED)
def test_a_planted_violation_is_found_at_its_line(rule, expression):
    sql = f"-- a step\nwith\nplanted as (\n  select\n    s,\n    {expression} as x\n  from t\n)\nselect * from planted"
    assert found(sql) == [(6, rule)]


@pytest.mark.parametrize("expression", SAFE)
def test_what_means_the_same_is_allowed(expression):
    assert found(f"select {expression} as x from t") == []


def test_limit_without_order_is_found():
    assert found("select s\nfrom t\nlimit 5") == [(3, "limit")]
    assert found("select s from t order by s limit 5") == []


def test_a_condition_on_one_side_of_a_join_is_found():
    assert found("select t.s from t\nleft join u\n  on u.s = t.s\n  and u.is_it") == [(4, "join")]
    assert found("select t.s from t\nleft join u\n  on u.s = t.s and u.i < t.i") == []


def test_a_join_without_an_equality_is_found():
    assert found("select t.s from t\njoin u\n  on u.i < t.i") == [(3, "join")]


def test_a_column_in_on_without_its_table_is_found():
    assert found("select t.s from t\njoin u\n  on u.s = t.s and is_it") == [(3, "join")]


def test_a_named_window_without_order_is_found():
    sql = "select\n  row_number() over w as x\nfrom t\nwindow w as (partition by s{})"
    assert found(sql.format("")) == [(2, "window")]
    assert found(sql.format(" order by i")) == []


def test_a_cast_is_judged_through_names_given_on_the_way():
    assert found("with a as (select d as x from t), b as (select x + 1 as y from a)\nselect cast(y as int) from b") == [
        (2, "cast")
    ]


def test_a_cast_of_what_is_not_known_is_found():
    assert found("select cast(x as int) as y from somewhere") == [(1, "cast")]


def test_a_finding_reads_as_a_place_in_a_file():
    (finding,) = lint.check("select i\n  / i as x from t", "sql/lake/step.sql", TABLES)
    assert str(finding).startswith("sql/lake/step.sql:1: division: ")


def test_a_difference_that_is_known_allows_no_function():
    assert "concat_ws" in lint.allowed_functions()
    assert lint.allowed_functions().isdisjoint(lint.FORBIDDEN)


def test_the_steps_and_rules_are_portable(capsys):
    assert (lint.main(), capsys.readouterr().out) == (0, "")


def test_a_violation_in_a_quality_rule_is_found_at_its_name(monkeypatch):
    product = Dataset.load("clean.product")
    planted = [replace(rule, measure="sum(price_cents) / count(*)", sample="") for rule in compile_rules(product)[-1:]]
    monkeypatch.setattr(lint, "compile_rules", lambda dataset: planted)
    monkeypatch.setattr(Dataset, "all", lambda: [product])
    (finding,) = lint.check_rules()
    assert finding.rule == "division"
    assert planted[0].name in (lint.ROOT / finding.path).read_text().splitlines()[finding.line - 1]


def test_findings_make_the_lint_fail(capsys):
    planted = lint.Finding("sql/lake/step.sql", 3, "clock", "x")
    assert lint.main((lambda: iter([planted]),)) == 1
    assert capsys.readouterr().out == "sql/lake/step.sql:3: clock: x\n"


class Recorder(DuckDBEngine):
    """An engine that keeps what it is given to run."""

    def __init__(self):
        super().__init__()
        self.texts: list[tuple[str, str]] = []

    def read(self, name):
        pass

    def step(self, name, sql, parameters=None):
        self.texts.append((name, bind(sql, parameters or {})))
        super().step(name, sql, parameters)

    def query(self, sql, parameters=None):
        self.texts.append(("query", bind(sql, parameters or {})))
        return super().query(sql, parameters)


def test_what_the_capabilities_send_to_an_engine_is_portable():
    engine = Recorder()
    pipeline.run(engine, edge_rows())
    for table in pipeline.TABLES:
        check_quality(engine, Dataset.load(table), pipeline.RUN_AT)
    findings = {str(f) for name, text in engine.texts for f in lint.check(text, name)}
    engine.close()
    assert findings == set()
