"""Whatever breaks on the way, nothing is lost, nothing is half published, and the run says FAILED and why."""

import json
import os
import re
import signal

import pytest

from cdp.aws.run_history import latest_runs, read_run
from localcloud import summary
from localcloud.day import ARRIVAL, SCHEDULED

pytestmark = pytest.mark.slow

# On contract and no later than its receipt, but a week ahead of the run that takes it: a rule of the clean gate.
SALE_AHEAD = (
    "transaction_id,line_number,transaction_type,transaction_at,customer_source,customer_id,product_id,quantity,"
    "unit_price_cents,discount_cents,tax_cents,currency,channel,updated_at\n"
    "T-1,1,sale,2026-03-09T00:00:00Z,shop,S000001,P0001,1,100,0,0,EUR,store,2026-03-09T00:00:00Z\n"
)
HALF_A_CUSTOMER = SALE_AHEAD.replace(",shop,S000001,", ",,S000001,").replace("2026-03-09", "2026-03-01")
GUEST_SALE = "T-0,1,sale,2026-03-01T00:00:00Z,,,P0001,1,100,0,0,EUR,store,2026-03-01T00:00:00Z\n"
CLEANED = ("clean_raw", "transaction")


@pytest.fixture(scope="module")
def expected(story):
    return story.day_arrives(1)


def test_a_killed_job_fails_the_run_and_loses_nothing(story, expected):
    pending = story.ledger.pending_receipts()
    story.set_clock(1, SCHEDULED)
    execution = story.schedule_fires()
    os.kill(story.running_job("clean_raw")["pid"], signal.SIGKILL)
    run = story.run_ends(execution)
    assert run["status"] == "FAILED"
    (alert,) = story.alerts()
    assert "CleanRaw" in alert["Message"]
    assert "signal 9" in alert["Message"]
    assert story.ledger.pending_receipts() == pending
    assert set(story.row_counts().values()) == {0}


def test_a_warehouse_that_is_down_fails_the_run_and_publishes_nothing(story, expected, monkeypatch):
    pending = story.ledger.pending_receipts()
    story.stage.warehouse.stop()
    run = story.run()
    assert run["status"] == "FAILED"
    (alert,) = [a for a in story.alerts() if "FAILED" in a["Subject"]]
    assert "LoadWarehouse" in alert["Message"]
    assert "WarehouseUnavailableError" in alert["Message"]
    assert story.ledger.pending_receipts() == pending
    assert set(story.row_counts().values()) == {0}


def test_the_next_run_takes_everything_that_failed_runs_left(story, expected):
    story.stage.restart_warehouse()
    run = story.run()
    assert run["status"] == "SUCCEEDED", run.get("cause")
    run_id = summary.run_id_of(run)
    figures = read_run(story.ledger, run_id)
    assert summary.differences(expected, figures) == []
    assert story.ledger.pending_receipts() == []
    assert story.row_counts()["clean.transaction"] == expected["transaction"]["clean"]["accepted"]


def test_a_sale_that_names_half_a_customer_is_quarantined_and_its_batch_goes_on(story, expected):
    before = story.row_counts()
    story.file_arrives("store/transaction.v1/half.csv", HALF_A_CUSTOMER + GUEST_SALE)
    run = story.run()
    assert run["status"] == "SUCCEEDED", run.get("cause")
    (fates,) = [f for f in story.ledger.fates(summary.run_id_of(run)) if (f.stage, f.dataset) == CLEANED]
    assert (fates.received, fates.accepted, fates.quarantined) == (2, 1, 1)
    assert story.row_counts()["clean.transaction"] == before["clean.transaction"] + 1


def test_a_batch_that_a_gate_rejects_is_held_and_the_tables_stay(story, expected):
    before = story.row_counts()
    story.set_clock(8, ARRIVAL)
    story.file_arrives("store/transaction.v1/ahead.csv", SALE_AHEAD)
    story.set_clock(1, SCHEDULED)
    run = story.run()
    assert run["status"] == "FAILED"
    (alert,) = [a for a in story.alerts() if "FAILED" in a["Subject"]]
    assert "clean.transaction" in alert["Message"]
    assert "T-1" in alert["Message"]
    story.rejection = alert["Message"]
    assert story.row_counts() == before
    assert [r.accepted for r in story.ledger.held_receipts()] == [1]


def test_a_held_batch_does_not_stop_the_next_day(story, expected):
    answer = story.day_arrives(2)
    story.set_clock(2, SCHEDULED)
    run = story.run()
    assert run["status"] == "SUCCEEDED", run.get("cause")
    assert summary.differences(answer, read_run(story.ledger, summary.run_id_of(run))) == []
    assert "T-1" not in {row["transaction_id"] for row in story.rows("curated.fact_sales")}


def test_released_batches_are_judged_again(story, expected):
    run_id = next(iter(re.findall(r'"run_id": "([^"]+)"', story.rejection)))
    answer = story.cloud.client("lambda").invoke(
        FunctionName=story.platform.function["release_batches"], Payload=json.dumps({"run_id": run_id})
    )
    assert json.load(answer["Payload"]) == {"run_id": run_id, "released": 1}
    assert story.run()["status"] == "FAILED"
    assert [r.accepted for r in story.ledger.held_receipts()] == [1]


def test_a_run_with_nothing_to_take_succeeds_and_changes_nothing(story, expected):
    before = {table: story.rows(table) for table in ("curated.dim_customer", "curated.fact_sales")}
    assert story.run()["status"] == "SUCCEEDED"
    assert {table: story.rows(table) for table in before} == before


def test_the_history_tells_how_every_run_went_and_how_long_its_steps_took(story, expected):
    runs = latest_runs(story.ledger, 20)
    assert runs[0]["run_at"] >= runs[-1]["run_at"]
    failed = {run["failed_state"]: run for run in runs if run["status"] == "FAILED"}
    assert {"CleanRaw", "LoadWarehouse"} <= set(failed)
    assert "WarehouseUnavailableError" in failed["LoadWarehouse"]["cause"]
    assert "the next scheduled run takes them again" in failed["LoadWarehouse"]["next_step"]
    whole = next(run for run in runs if run["status"] == "SUCCEEDED" and run["stages"])
    assert {"clean_raw", "load_warehouse", "close_run"} <= set(whole["seconds"])
