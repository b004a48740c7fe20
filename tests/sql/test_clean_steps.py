"""The clean steps: given typed rows and a table, these rows are the table's next content."""

from collections.abc import Iterator
from datetime import UTC, date, datetime

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cdp import resources
from cdp.clean import clean
from cdp.clean_layout import LAYOUTS, typed_schema
from cdp.dataset import ARROW_TYPES, Dataset
from cdp.engines.duckdb import DuckDBEngine
from cdp.steps import run_steps
from tests.raw_lines import line


@pytest.fixture
def engine() -> Iterator[DuckDBEngine]:
    engine = DuckDBEngine()
    yield engine
    engine.close()


def next_content(engine, dataset, lines, table=()):
    contract = Dataset.load(f"clean.{dataset}").arrow_schema()
    engine.register(f"typed_{dataset}", clean(dataset, lines, "run").rows)
    engine.register(f"clean_{dataset}", pa.Table.from_pylist(list(table), schema=contract))
    engine.step("step", resources.read_text(f"sql/lake/clean/{dataset}.sql"))
    rows = engine.arrow("step").read_all()
    assert rows.column_names == contract.names
    return rows.sort_by("record_id").to_pylist()


@pytest.mark.parametrize("dataset", LAYOUTS)
def test_a_record_that_arrives_twice_is_one_row(engine, dataset):
    assert len(next_content(engine, dataset, [line(dataset), line(dataset)])) == 1


@pytest.mark.parametrize("dataset", LAYOUTS)
def test_a_record_that_is_there_already_changes_nothing(engine, dataset):
    table = next_content(engine, dataset, [line(dataset)])
    assert next_content(engine, dataset, [line(dataset)], table) == table


@pytest.mark.parametrize("dataset", LAYOUTS)
def test_of_two_records_with_one_key_the_smaller_id_wins_in_any_order(engine, dataset):
    one, other = line(dataset), line(dataset, extra="other")
    both = next_content(engine, dataset, [one, other])
    assert next_content(engine, dataset, [other], next_content(engine, dataset, [one])) == both
    assert next_content(engine, dataset, [one], next_content(engine, dataset, [other])) == both
    ids = [row["record_id"] for x in (one, other) for row in next_content(engine, dataset, [x])]
    assert [row["record_id"] for row in both] == [min(ids)]


POOL = [line("transaction", line_number=number, quantity=q) for number in (1, 2, 3) for q in (1, 2, 3)]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.permutations(POOL), cut=st.integers(0, len(POOL)), again=st.sets(st.sampled_from(POOL)))
def test_any_order_cut_and_redelivery_gives_the_same_table(engine, order, cut, again):
    first = next_content(engine, "transaction", order[:cut])
    second = next_content(engine, "transaction", [*order[cut:], *again], first)
    assert second == next_content(engine, "transaction", POOL)


@pytest.mark.parametrize("dataset", ["customer", "product", "transaction", "support_ticket", "campaign"])
def test_versions_of_one_thing_are_kept_side_by_side(engine, dataset):
    lines = [line(dataset, updated_at=f"2026-01-0{day}T00:00:00Z") for day in (1, 2)]
    assert len(next_content(engine, dataset, lines)) == 2


def test_the_same_customer_id_of_two_sources_is_two_persons(engine):
    lines = [line("customer", source=source) for source in ("shop", "crm")]
    assert len(next_content(engine, "customer", lines)) == 2


def test_a_category_is_lower_case(engine):
    (row,) = next_content(engine, "product", [line("product", category="Home & Garden")])
    assert row["category"] == "home & garden"


def test_a_transaction_lies_in_the_month_it_has_in_utc(engine):
    (row,) = next_content(engine, "transaction", [line("transaction", transaction_at="2026-03-01T00:30:00+02:00")])
    assert row["transaction_month"] == date(2026, 2, 1)
    assert row["transaction_at"] == datetime(2026, 2, 28, 22, 30, tzinfo=UTC)


def test_a_contact_lies_in_the_month_it_has_in_utc(engine):
    (row,) = next_content(engine, "campaign_contact", [line("campaign_contact")])
    assert row["contact_month"] == date(2026, 2, 1)


def test_an_event_lies_on_its_day_in_utc_and_its_ids_are_lower_case(engine):
    (row,) = next_content(engine, "clickstream_event", [line("clickstream_event")])
    assert row["event_on"] == date(2026, 3, 1)
    assert row["message_id"] == "00000000-0000-4000-8000-00000000000a"
    assert row["anonymous_id"] == "00000000-0000-4000-8000-0000000000ff"


@pytest.mark.parametrize(
    ("page", "path"),
    [
        ({"path": "/lamp", "url": "https://shop.example/other"}, "/lamp"),
        ({"path": "/lamp?email=x#top"}, "/lamp"),
        ({"url": "https://shop.example/a/b?q=1#top"}, "/a/b"),
        ({"url": "https://shop.example"}, None),
        ({"url": "not an address"}, None),
        ({}, None),
        (None, None),
    ],
)
def test_the_path_of_a_page_has_no_query(engine, page, path):
    (row,) = next_content(engine, "clickstream_event", [line("clickstream_event", context={"page": page})])
    assert row["url_path"] == path


def test_the_referrer_has_no_query(engine):
    (row,) = next_content(engine, "clickstream_event", [line("clickstream_event")])
    assert row["referrer"] == "https://search.example/"


@pytest.mark.slow
def test_events_are_made_unique_in_less_memory_than_they_fill():
    types = {
        pa.string(): "string",
        pa.int32(): "int",
        pa.int64(): "bigint",
        ARROW_TYPES["timestamp_ltz"]: "timestamp_ltz",
    }
    columns = {
        field.name: "concat('value ', i % 50)" if field.type == pa.string() else f"cast(null as {types[field.type]})"
        for field in typed_schema("clickstream_event")
    }
    columns |= {"record_id": "md5(cast(i as string))", "message_id": "md5(cast(i % 396000 as string))"}
    engine = DuckDBEngine(memory_limit="60MB")
    values = ", ".join(f"{value} as {name}" for name, value in columns.items())
    engine.step("typed_clickstream_event", f"select {values} from range(400000) t(i)")
    engine.register("clean_clickstream_event", Dataset.load("clean.clickstream_event").arrow_schema().empty_table())
    run_steps(engine, "clean", ["clickstream_event"])
    assert engine.query("select count(*) as n from clickstream_event") == [{"n": 396_000}]
    engine.close()
