"""A contract gets a field: both versions in one run, tables of before are widened, nothing stops, nothing is lost."""

from __future__ import annotations

import json

import pytest

from cdp.aws.lake import Lake
from cdp.aws.lake_table import MAIN
from cdp.clean import clean
from cdp.clean_layout import LAYOUTS, typed_schema
from cdp.dataset import Dataset
from cdp.engines.duckdb import DuckDBEngine
from cdp.records import Rejected, receive
from cdp.steps import run_steps
from tests.engines import pipeline
from tests.glue_jobs.test_clean_raw import rows, run
from tests.raw_lines import RECORDS, line, raw_line

OLD, COUPON = RECORDS["transaction"], "SPRING-26"


def new_line(**changes):
    """A line of raw with a record of transaction.v2."""
    return raw_line("transaction", json.dumps(OLD | {"coupon_code": COUPON} | changes).encode(), version="v2")


@pytest.fixture
def lake_of_before(aws):
    """clean.transaction without the column, with one row in it."""
    table = Lake(aws)._table("clean.transaction")
    with table.update_schema() as update:
        update.delete_column("coupon_code")
    engine = DuckDBEngine()
    pipeline.run(engine, {name: typed_schema(name).empty_table() for name in LAYOUTS} | {"transaction": typed()})
    row = engine.arrow("clean_transaction").read_all().drop_columns(["coupon_code"])
    engine.close()
    table.append(row)
    return aws


def typed(*lines):
    return clean("transaction", lines or [line("transaction", transaction_id="T000")], "run").rows


@pytest.mark.slow
def test_a_table_of_before_gets_the_column_in_the_run_that_brings_it(lake_of_before):
    aws = lake_of_before
    fates = run(aws, "r1", ("transaction", [line("transaction"), new_line(transaction_id="T002")]))
    assert (fates["transaction"].received, fates["transaction"].accepted) == (2, 2)
    coupons = {row["transaction_id"]: row["coupon_code"] for row in rows(aws, "transaction")}
    assert coupons == {"T000": None, "T001": None, "T002": COUPON}


@pytest.mark.slow
def test_what_was_published_before_reads_as_null_also_at_its_own_snapshot(lake_of_before):
    lake = Lake(lake_of_before)
    before = lake.snapshot_id("clean.transaction")
    whole = lake.read("clean.transaction").read_all()
    assert whole.schema == Dataset.load("clean.transaction").arrow_schema()
    assert whole["coupon_code"].to_pylist() == [None]
    some = lake.read("clean.transaction", ["coupon_code", "transaction_id"], before).read_all()
    assert some.to_pylist() == [{"coupon_code": None, "transaction_id": "T000"}]
    assert not lake.has_snapshot("clean.transaction", before)


@pytest.mark.slow
def test_a_run_on_its_branch_widens_the_table_and_main_stays_as_it_was(lake_of_before):
    aws, branch = lake_of_before, Lake(lake_of_before, "run_r2")
    before = rows(aws, "transaction")
    engine = DuckDBEngine(branch)
    engine.register("typed_transaction", typed(new_line(transaction_id="T002")))
    engine.read("clean.transaction")
    run_steps(engine, "clean", ["transaction"])
    engine.write("clean.transaction", "transaction")
    engine.close()
    assert Lake(aws, MAIN).read("clean.transaction").read_all().to_pylist() == before
    branch.publish()
    assert [row["coupon_code"] for row in rows(aws, "transaction")].count(COUPON) == 1


def test_both_versions_of_one_run_are_in_the_star():
    engine = DuckDBEngine()
    both = typed(line("transaction"), new_line(transaction_id="T002"))
    pipeline.run(engine, {name: typed_schema(name).empty_table() for name in LAYOUTS} | {"transaction": both})
    found = engine.query("select transaction_id, coupon_code from curated_fact_sales order by 1")
    engine.close()
    assert [tuple(row.values()) for row in found] == [("T001", None), ("T002", COUPON)]


def test_a_field_of_the_newer_version_means_nothing_in_a_record_of_the_older_one():
    batch = clean(
        "transaction", [line("transaction", coupon_code=26), line("transaction", coupon_code="no coupon")], "r"
    )
    assert (batch.rows["coupon_code"].to_pylist(), batch.quarantined) == ([None, None], [])


@pytest.mark.parametrize(
    ("breaking", "reason"),
    [
        ({"unit_price_cents": None, "unit_price": 19.99}, ("/unit_price_cents", "required")),
        ({"quantity": "2"}, ("/quantity", "type")),
        ({"transaction_type": "return"}, ("/transaction_type", "enum")),
        ({"currency": "eur"}, ("/currency", "pattern")),
    ],
)
def test_a_breaking_change_under_an_old_version_is_kept_back_and_says_where_it_broke_which_version(breaking, reason):
    record = {name: value for name, value in (OLD | breaking).items() if value is not None}
    received = receive(
        json.dumps(record).encode(), source="shop", contract_name="transaction.v1", received_at="", origin=""
    )
    assert isinstance(received.value, Rejected)
    assert [(r.pointer, r.rule) for r in received.value.reasons] == [reason]
    assert received.envelope["contract"] == "transaction.v1"


def test_a_coupon_wider_than_the_warehouse_never_gets_there():
    record = json.dumps(OLD | {"coupon_code": "X" * 33}).encode()
    received = receive(record, source="shop", contract_name="transaction.v2", received_at="", origin="")
    assert isinstance(received.value, Rejected)
