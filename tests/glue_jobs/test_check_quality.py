import json
import runpy
import sys
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest

from cdp.accounting import Fates
from cdp.aws.lake import Lake
from cdp.aws.ledger import Ledger
from cdp.dataset import Dataset
from cdp.engines.duckdb import DuckDBEngine
from cdp.job import Job
from cdp.quality import GateError
from cdp.run import branch_of
from glue_jobs.check_quality import check_quality
from tests.conftest import settings_json

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
RUN_ID, RUN_AT = "2026-03-02T02-30-00Z-0a1b2c3d", datetime(2026, 3, 2, 2, 30, tzinfo=UTC)
AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
PRODUCT = {"product_id": "p1", "record_id": "r1", "source": "catalogue", "name": "Cup", "category": "kitchen"}
PRODUCT |= {"price_cents": 990, "currency": "EUR", "is_active": True, "created_at": AT, "updated_at": AT}


@pytest.fixture
def j(aws):
    lake = Lake(aws, branch_of(RUN_ID))
    engine = DuckDBEngine(lake)
    yield Job(RUN_ID, RUN_AT, {"gate": "clean"}, aws, Ledger(aws.table("ledger")), lake, engine)
    engine.close()


def write(j, name, *rows):
    schema = pa.schema([field.with_nullable(True) for field in Dataset.load(name).arrow_schema()])
    j.engine.register("arrived", pa.Table.from_pylist(list(rows), schema=schema))
    j.engine.write(name, "arrived")


def test_good_tables_pass_and_the_ledger_says_so(j):
    write(j, "clean.product", PRODUCT)
    assert check_quality(j, "clean") == "pass"
    found = j.ledger.verdicts(RUN_ID)["clean"]
    assert found["verdict"] == "pass"
    assert found["details"]["tables"]["clean.product"]["rows"] == 1
    assert set(found["details"]["tables"]) == {d.name for d in Dataset.all() if d.zone == "clean"}


def test_a_broken_rule_fails_with_counts_and_sample_keys(j):
    write(j, "clean.product", PRODUCT, {**PRODUCT, "product_id": "p2", "price_cents": -5})
    assert check_quality(j, "clean") == "fail"
    (broken,) = j.ledger.verdicts(RUN_ID)["clean"]["details"]["broken"]
    assert (broken["dataset"], broken["rule"]) == ("clean.product", "price_not_negative")
    assert (broken["checked"], broken["failing"], broken["sample_keys"][0]["product_id"]) == (2, 1, "p2")


def test_rows_are_compared_with_committed_runs_only(j):
    write(j, "clean.product", PRODUCT)
    assert check_quality(j, "clean") == "pass"
    assert j.ledger.row_counts("clean.product") == []
    j.ledger.put_row_count("clean.product", "earlier", "2026-03-01T02:30:00+00:00", 3)
    assert check_quality(j, "clean") == "fail"


def test_the_second_gate_fails_when_records_are_unaccounted_for(j):
    j.ledger.put_fates(RUN_ID, Fates("clean_raw", "product", received=2, accepted=1))
    assert check_quality(j, "curated") == "fail"
    details = j.ledger.verdicts(RUN_ID)["curated"]["details"]
    assert "clean_raw of product: received 2 but accounted for 1" in details["accounting"]
    assert {d.zone for d in map(Dataset.load, details["tables"])} == {"identity", "curated"}


def test_a_gate_that_does_not_exist_is_an_error(j):
    with pytest.raises(GateError, match="no gate raw"):
        check_quality(j, "raw")


def test_the_script_takes_glue_s_arguments(aws, monkeypatch, capsys):
    arguments = {"run_id": RUN_ID, "run_at": "2026-03-02T02:30:00Z", "settings": settings_json(), "gate": "clean"}
    argv = ["check_quality.py", *(text for name, value in arguments.items() for text in (f"--{name}", value))]
    monkeypatch.setattr(sys, "argv", argv)
    runpy.run_path(str(ROOT / "glue_jobs/check_quality.py"), run_name="__main__")
    assert json.loads(capsys.readouterr().out.splitlines()[-1]) == {"gate": "clean", "verdict": "pass", "broken": []}
