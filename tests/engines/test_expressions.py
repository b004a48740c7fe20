"""Every SQL function and construct the steps may use gives Spark's answers on DuckDB, exactly."""

import json
import re

import duckdb
import pytest

from cdp import resources
from tests.engines.expressions import ENTRIES, INPUTS, ask_duckdb, ask_spark, key_of, recorded
from tests.sql.lint import allowed_functions

SAME = [entry for entry in ENTRIES if "differs" not in entry]
DIFFERENT = [entry for entry in ENTRIES if "differs" in entry]


@pytest.fixture(scope="module")
def connection():
    with duckdb.connect() as connection:
        # As on a machine elsewhere: the prelude has to say what the time zone is.
        connection.execute("set TimeZone = 'America/New_York'")
        connection.execute(resources.read_text("cdp/engines/duckdb_prelude.sql"))
        yield connection


@pytest.mark.parametrize("entry", SAME, ids=key_of)
def test_duckdb_answers_as_spark_did(connection, entry):
    assert as_recorded(ask_duckdb(connection, entry)) == recorded()[key_of(entry)]


@pytest.mark.parametrize("entry", DIFFERENT, ids=key_of)
def test_a_known_difference_is_still_there(connection, entry):
    try:
        answers = as_recorded(ask_duckdb(connection, entry))
    except duckdb.Error:
        return
    assert answers != recorded()[key_of(entry)]


@pytest.mark.slow
@pytest.mark.spark
@pytest.mark.parametrize("entry", ENTRIES, ids=key_of)
def test_the_recorded_answers_are_still_sparks(engines, entry):
    assert as_recorded(ask_spark(engines.spark.session, entry)) == recorded()[key_of(entry)]


def test_every_entry_is_recorded_and_nothing_else():
    keys = [key_of(entry) for entry in ENTRIES]
    assert len(keys) == len(set(keys))
    assert recorded().keys() == set(keys)


def test_every_input_is_used():
    assert {entry["input"] for entry in ENTRIES} == INPUTS.keys()


def test_every_macro_for_duckdb_has_an_entry():
    macros = re.findall(r"create macro (\w+)", resources.read_text("cdp/engines/duckdb_prelude.sql"))
    assert set(macros) - allowed_functions() == set()


def as_recorded(answers):
    return json.loads(json.dumps(answers))
