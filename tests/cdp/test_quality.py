from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest

from cdp import quality
from cdp.dataset import Dataset
from cdp.engines.duckdb import DuckDBEngine

RUN_AT = datetime(2026, 3, 2, 2, 30, tzinfo=UTC)
PRODUCT = Dataset.load("clean.product")


def product(product_id="p1", **changes):
    at = datetime(2026, 3, 1, 12, tzinfo=UTC)
    row = {"product_id": product_id, "updated_at": at, "record_id": "r" + product_id, "source": "catalogue"}
    row |= {"name": "Cup", "category": "kitchen", "price_cents": 990, "currency": "EUR", "is_active": True}
    row |= {"created_at": at}
    return {**row, **changes}


@pytest.fixture
def verdict_on():
    """Checks clean.product with the given rows; what a gate found."""
    engine = DuckDBEngine()
    engine.read = lambda name: None
    schema = pa.schema([field.with_nullable(True) for field in PRODUCT.arrow_schema()])

    def check(*rows, history=()):
        engine.register("clean_product", pa.Table.from_pylist(list(rows), schema=schema))
        return quality.check(engine, PRODUCT, RUN_AT, history)

    yield check
    engine.close()


def test_good_rows_pass(verdict_on):
    found = verdict_on(product("p1"), product("p2"))
    assert (found.verdict, found.rows, found.broken) == ("pass", 2, [])
    assert set(found.scores.values()) == {100.0}


def test_a_broken_rule_of_severity_fail_fails_the_table_and_names_keys(verdict_on):
    found = verdict_on(product("p1"), product("p2", price_cents=-1))
    (broken,) = found.broken
    assert found.verdict == "fail"
    assert (broken.rule, broken.checked, broken.failing) == ("price_not_negative", 2, 1)
    assert broken.sample_keys == ({"product_id": "p2", "updated_at": "2026-03-01 12:00:00+00:00"},)


def test_a_broken_rule_of_severity_warn_only_warns(verdict_on):
    found = verdict_on(product(created_at=datetime(2026, 3, 1, 13, tzinfo=UTC)))
    assert [r.rule for r in found.broken] == ["created_before_updated"]
    assert found.verdict == "warn"


def test_a_missing_value_and_a_repeated_key_fail_without_a_rule_in_the_contract(verdict_on):
    found = verdict_on(product(name=None), product())
    assert {r.rule for r in found.broken} == {"name_not_null", "primary_key_unique"}
    assert found.scores["completeness"] < 100


def test_a_date_beyond_the_run_fails(verdict_on):
    late = datetime(2026, 3, 4, 3, tzinfo=UTC)
    assert [r.rule for r in verdict_on(product(updated_at=late)).broken] == ["updated_at_not_future"]


def test_at_most_five_sample_keys_are_shown(verdict_on):
    found = verdict_on(*(product(f"p{i}", currency="€") for i in range(9)))
    assert [(r.failing, len(r.sample_keys)) for r in found.broken] == [(9, 5)]


@pytest.mark.parametrize(
    ("history", "verdict"), [([], "pass"), ([4], "pass"), ([5], "fail"), ([9, 2, 2, 2, 9], "pass")]
)
def test_losing_more_than_half_of_the_usual_rows_fails(verdict_on, history, verdict):
    assert verdict_on(product("p1"), product("p2"), history=history).verdict == verdict


def test_stale_data_warns_with_its_age_and_a_row_from_the_future_does_not_hide_it():
    engine, dataset = DuckDBEngine(), Dataset.load("clean.transaction")
    engine.read = lambda name: None
    for name in ("clean.transaction", "clean.product", "clean.customer"):
        engine.register(name.replace(".", "_"), Dataset.load(name).arrow_schema().empty_table())
    schema = pa.schema([field.with_nullable(True) for field in dataset.arrow_schema()])
    rows = [{"transaction_at": RUN_AT + timedelta(hours=hours)} for hours in (-40, -30, 5)]
    engine.register("clean_transaction", pa.Table.from_pylist(rows, schema=schema))
    (stale,) = [r for r in quality.check(engine, dataset, RUN_AT).results if r.rule == "freshness"]
    engine.close()
    assert (stale.severity, stale.passed) == ("warn", False)
    assert (stale.measured, stale.threshold) == (30.0, "<= 26 hours")


def test_the_gravest_verdict_counts():
    assert quality.worst([]) == "pass"
    assert quality.worst(["pass", "warn"]) == "warn"
    assert quality.worst(["fail", "warn", "pass"]) == "fail"


def test_a_message_names_rule_numbers_and_keys_but_no_values(verdict_on):
    found = verdict_on(product("p1"), product("p2", currency="Taler"))
    message = quality.message("clean", [found], ["clean_raw of customer: received 2 but accounted for 1"])
    assert message.startswith("Gate clean: fail. 1 tables checked, 1 rules broken.")
    assert "clean.product currency_form (fail): Currencies are ISO 4217. 1 of 2 rows break it" in message
    assert "product_id=p2" in message
    assert "received 2 but accounted for 1" in message
    assert "Taler" not in message


def test_a_gate_that_does_not_exist_is_named():
    with pytest.raises(quality.GateError, match=r"no gate raw.*clean"):
        quality.gated("raw")
    assert {d.zone for d in quality.gated("curated")} == {"identity", "curated"}
