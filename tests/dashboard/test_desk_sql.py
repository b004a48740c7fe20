"""The desk's own SQL says what it answers, is Redshift's, and answers what is in the warehouse."""

from __future__ import annotations

import pytest
import sqlglot

from cdp import resources
from dashboard import data

FOLDER = "sql/warehouse/desk"
TEXT = {name.removesuffix(".sql"): resources.read_text(f"{FOLDER}/{name}") for name in resources.names(FOLDER, ".sql")}


@pytest.mark.parametrize("name", TEXT)
def test_a_query_begins_with_its_question_its_grain_and_what_it_reads(name):
    top = [line for line in TEXT[name].splitlines() if line.startswith("--")]
    assert "?" in top[0] or "at a glance" in top[0]
    assert any(line.startswith("-- One row") for line in top)
    assert top[-1].startswith("-- Reads ")
    tables = {table.name for table in parsed(name).find_all(sqlglot.exp.Table)}
    steps = {step.alias for step in parsed(name).find_all(sqlglot.exp.CTE)}
    assert set(top[-1].removeprefix("-- Reads ").rstrip(".").split(", ")) == tables - steps


@pytest.mark.parametrize("name", TEXT)
def test_no_query_changes_anything(name):
    assert isinstance(parsed(name), sqlglot.exp.Query)


@pytest.mark.slow
def test_profiles_are_counted_part_by_part(set_up):
    set_up()
    (profile,) = data.figures("profile_completeness").to_dict("records")
    assert profile["count_customers"] == 60
    assert (profile["count_name"], profile["count_address"], profile["count_consent"]) == (60, 60, 40)


@pytest.mark.slow
def test_the_newest_facts_are_as_old_as_they_were_at_the_run(set_up):
    set_up()
    newest = {row["table_name"]: row["hours"] for row in data.figures("newest").to_dict("records")}
    assert newest == {"fact_sales": 16.5, "fact_clickstream": 17.4}  # 10:00 and 9:06 on the day before 02:30


@pytest.mark.slow
def test_answers_are_kept_until_the_next_load(set_up, monkeypatch):
    set_up()
    asked = []
    query = data._query
    monkeypatch.setattr(data, "_query", lambda sql, parameters=(): asked.append(sql) or query(sql, parameters))
    monkeypatch.setattr(data, "load_number", lambda: 1)
    data.figures("freshness")
    data.figures("freshness")
    assert len(asked) == 1
    monkeypatch.setattr(data, "load_number", lambda: 2)
    data.figures("freshness")
    assert len(asked) == 2


@pytest.mark.slow
def test_a_warehouse_that_has_dropped_the_connection_is_asked_again(set_up):
    set_up()
    assert len(data.figures("freshness")) == 3
    warehouse, _ = data._warehouse()
    warehouse.__dict__["_connection"]._usock.close()
    data.st.cache_data.clear()
    assert len(data.figures("freshness")) == 3


def parsed(name: str) -> sqlglot.exp.Expression:
    return sqlglot.parse_one(TEXT[name].replace("%s", "'x'"), read="redshift")
