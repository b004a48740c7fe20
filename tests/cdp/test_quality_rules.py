import pytest

from cdp.dataset import Column, Dataset
from cdp.engines.duckdb import DuckDBEngine
from cdp.quality_rules import QualityRuleError, Threshold, compile_rules

RULE = {"name": "r", "mustBe": 0, "severity": "fail", "dimension": "conformity", "description": "d"}


def person(*quality):
    columns = (
        Column("id", "bigint", True, 1, None, "internal", "id"),
        Column("email", "string", False, None, None, "restricted", "e-mail"),
        Column("city", "string", False, None, None, "internal", "town"),
    )
    return Dataset("clean.person", "people", "One row per person", columns, quality, {"latency": (26, "h")})


@pytest.fixture
def engine():
    engine = DuckDBEngine()
    engine.step(
        "clean_person",
        """select * from (values (1, 'a@b.c', 'Rome'), (2, 'x', 'Rome'), (2, null, 'n/a'), (3, 'Q@q.q', null))
           as p (id, email, city)""",
    )
    yield engine
    engine.close()


def measured(engine, **entry):
    (rule,) = [r for r in compile_rules(person({**RULE, **entry})) if r.name == "r"]
    (found,) = engine.query(f"select count(*) as checked, {rule.measure} as n from clean_person")
    return found["n"], [row["id"] for row in engine.query(rule.sample)]


@pytest.mark.parametrize(
    ("entry", "broken", "ids"),
    [
        ({"metric": "nullValues", "property": "email"}, 1, [2]),
        ({"metric": "missingValues", "property": "city", "arguments": {"missingValues": ["n/a"]}}, 2, [2, 3]),
        ({"metric": "invalidValues", "property": "city", "arguments": {"validValues": ["Rome"]}}, 1, [2]),
        (
            {"metric": "invalidValues", "property": "email", "arguments": {"pattern": "^[a-z]+@.+$"}},
            2,
            [2, 3],
        ),
        ({"metric": "duplicateValues", "property": "id"}, 1, [2]),
        ({"metric": "duplicateValues", "arguments": {"properties": ["id", "email"]}}, 0, []),
        ({"type": "sql", "query": "select count(*) from {object} where id > 1 and city = 'Rome'"}, 1, [2]),
        (
            {
                "type": "sql",
                "query": """select count(*) from {object}
                            where not exists (select 1 from clean_person p where p.id = {object}.id + 1)""",
            },
            1,
            [3],
        ),
    ],
    ids=lambda value: value.get("metric", "sql") if isinstance(value, dict) else "",
)
def test_a_rule_counts_the_rows_that_break_it_and_names_them(engine, entry, broken, ids):
    assert measured(engine, **entry) == (broken, ids)


def test_required_columns_and_the_primary_key_are_rules_without_being_repeated(engine):
    rules = {rule.name: rule for rule in compile_rules(person())}
    assert set(rules) == {"id_not_null", "primary_key_unique"}
    assert engine.query(f"select {rules['primary_key_unique'].measure} as n from clean_person") == [{"n": 1}]


def test_a_condition_on_the_row_needs_no_scan_of_its_own():
    query = "select count(*) from {object} where id < 1"
    (rule,) = compile_rules(person({**RULE, "type": "sql", "query": query}))[2:]
    assert rule.measure == "count(case when (id < 1) then 1 end)"


def test_restricted_columns_are_no_sample_keys():
    (rule,) = compile_rules(person({**RULE, "metric": "duplicateValues", "property": "email"}))[2:]
    assert rule.counts_rows
    assert rule.sample == ""


@pytest.mark.parametrize(
    ("threshold", "allowed", "not_allowed"),
    [
        (Threshold("mustBe", 0), 0, 1),
        (Threshold("mustNotBe", 0), 1, 0),
        (Threshold("mustBeGreaterThan", 1), 2, 1),
        (Threshold("mustBeGreaterOrEqualTo", 1), 1, 0),
        (Threshold("mustBeLessThan", 1, "percent"), 1, 2),
        (Threshold("mustBeLessOrEqualTo", 1, "percent"), 2, 3),
        (Threshold("mustBeBetween", [1, 2]), 2, 3),
        (Threshold("mustNotBeBetween", [1, 2]), 3, 1),
    ],
    ids=str,
)
def test_a_threshold_is_an_operator_of_the_standard(threshold, allowed, not_allowed):
    assert threshold.holds(allowed, rows=200)
    assert not threshold.holds(not_allowed, rows=200)


def test_no_rows_or_no_number_is_nothing_to_object_to():
    assert Threshold("mustBeLessThan", 1, "percent").holds(0, rows=0)
    assert Threshold("mustBeLessOrEqualTo", 26, "hours").holds(None, rows=0)


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        ({"metric": "freshValues", "property": "id"}, "not a metric"),
        ({"metric": "nullValues", "property": "name"}, "no column name"),
        ({"metric": "invalidValues", "property": "id", "arguments": {"pattern": r"\d"}}, "no backslash"),
        ({"metric": "rowCount", "severity": "error"}, "severity"),
        ({"metric": "rowCount", "mustBeLessThan": 9}, "exactly one"),
        ({"metric": "rowCount", "unit": "dozen"}, "rows or percent"),
        ({"type": "custom", "engine": "soda", "implementation": {"check": "x"}}, "engine soda"),
        ({"type": "custom", "engine": "cdp", "implementation": {"check": "luck"}}, "luck"),
        ({"name": "id_not_null", "metric": "rowCount"}, "name of its own"),
    ],
)
def test_a_rule_that_cannot_be_compiled_is_named(entry, says):
    with pytest.raises(QualityRuleError, match=f"clean.person.*{says}"):
        compile_rules(person({**RULE, **entry}))
