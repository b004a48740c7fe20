"""The three jobs between clean and the warehouse, as scripts, over tables in the lake."""

import runpy
import sys
from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow as pa
import pytest

from cdp.aws.lake import Lake
from cdp.aws.ledger import Ledger
from cdp.dataset import Dataset
from cdp.run import branch_of
from tests.conftest import settings_json

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[2]
JOBS = ("resolve_identities", "build_golden_records", "build_star_schema")
AT = datetime(2026, 3, 1, 10, tzinfo=UTC)
CLEAN = {
    "clean.customer": {
        "source": "shop", "source_customer_id": "S1", "updated_at": AT, "record_id": "r1", "email": "ann@x.org",
        "created_at": AT,
    },
    "clean.product": {
        "product_id": "P1", "updated_at": AT, "record_id": "r2", "source": "catalogue", "name": "Lamp",
        "category": "home", "price_cents": 500, "currency": "EUR", "is_active": True, "created_at": AT,
    },
    "clean.transaction": {
        "transaction_id": "T1", "line_number": 1, "updated_at": AT, "record_id": "r3", "source": "shop",
        "transaction_type": "sale", "transaction_at": AT, "customer_source": "shop", "source_customer_id": "S1",
        "product_id": "P1", "quantity": 1, "unit_price_cents": 500, "discount_cents": 0, "tax_cents": 80,
        "currency": "EUR", "channel": "web", "transaction_month": date(2026, 3, 1),
    },
    "clean.clickstream_event": {
        "message_id": "m1", "record_id": "r4", "source": "web", "event_type": "identify", "anonymous_id": "a-1",
        "user_id": "S1", "event_at": AT, "event_on": AT.date(),
    },
}  # fmt: skip


@pytest.fixture
def run_jobs(aws, monkeypatch):
    """Run the scripts over a lake with one row in each clean table; gives the lake as that run sees it."""
    for table, row in CLEAN.items():
        Lake(aws).rewrite(table, [(pa.Table.from_pylist([row], schema=Dataset.load(table).arrow_schema()), None)])

    def run(run_id):
        for name in JOBS:
            arguments = {"--run_id": run_id, "--run_at": AT.isoformat(), "--settings": settings_json()}
            monkeypatch.setattr(sys, "argv", [name, *(part for pair in arguments.items() for part in pair)])
            runpy.run_path(str(ROOT / f"glue_jobs/{name}.py"), run_name="__main__")
        return Lake(aws, branch_of(run_id))

    return run


def made(lake):
    return {d.name: lake.snapshot_id(d.name) for d in Dataset.all() if d.zone != "clean"}


def test_the_jobs_turn_clean_records_into_facts_about_a_customer(aws, run_jobs):
    lake = run_jobs("r1")
    customer_id = lake.read("identity.person").read_all()["customer_id"][0]
    for fact in ("curated.fact_sales", "curated.fact_clickstream"):
        assert lake.read(fact).read_all()["customer_id"].to_pylist() == [customer_id.as_py()]
    assert Lake(aws).row_count("curated.fact_sales") == 0
    fates = Ledger(aws.table("ledger")).fates("r1")
    assert sorted((f.stage, f.received, f.accepted) for f in fates) == sorted(
        [*((job, 1, 1) for job in JOBS), ("build_star_schema", 1, 1), *[("build_star_schema", 0, 0)] * 3]
    )


def test_jobs_that_find_nothing_new_write_nothing(run_jobs):
    lake = run_jobs("r1")
    before = made(lake)
    assert made(run_jobs("r1")) == before
    lake.publish()
    assert made(run_jobs("r2")) == before
