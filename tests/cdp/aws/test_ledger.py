import pytest

from cdp.accounting import Fates
from cdp.aws.ledger import Ledger, Receipt, RunInProgressError


@pytest.fixture
def ledger(aws):
    return Ledger(aws.table("ledger"))


def receipt(receipt_id, accepted=5):
    return Receipt(
        receipt_id,
        "ingest_stream",
        "clickstream_event",
        accepted,
        accepted,
        0,
        0,
        "2026-03-02T02:00:00Z",
        "k",
    )


def test_a_receipt_written_twice_is_one_receipt(ledger):
    ledger.put_receipt(receipt("shard-1-9"))
    ledger.put_receipt(receipt("shard-1-9"))
    assert ledger.pending_receipts() == [receipt("shard-1-9")]


def test_more_receipts_than_one_page_are_all_pending(ledger):
    for i in range(60):
        ledger.put_receipt(receipt(f"shard-{i:04}" + "x" * 900))
    assert len(ledger.pending_receipts()) == 60


def test_a_second_run_is_refused_while_one_goes_on(ledger):
    ledger.open_run("run-1", "2026-03-02T02:30:00Z", "arn:1")
    with pytest.raises(RunInProgressError, match="run-1"):
        ledger.open_run("run-2", "2026-03-02T03:30:00Z", "arn:2")


def test_a_run_may_open_itself_again(ledger):
    ledger.open_run("run-1", "2026-03-02T02:30:00Z", "arn:1")
    ledger.open_run("run-1", "2026-03-02T02:30:00Z", "arn:1")
    assert ledger.run("run-1")["status"] == "RUNNING"


def test_the_latest_runs_are_listed_by_their_time_each_once(ledger):
    for run_id, run_at in (("b", "2026-03-02"), ("a", "2026-03-03"), ("c", "2026-03-01"), ("a", "2026-03-03")):
        ledger.open_run(run_id, run_at, "arn:1")
        ledger.fail_run(run_id, "CleanRaw", "killed")
    assert ledger.latest_runs(2) == ["a", "b"]


def test_a_committed_run_takes_its_receipts_and_frees_the_lock(ledger):
    ledger.put_receipt(receipt("a"))
    ledger.put_receipt(receipt("b"))
    ledger.open_run("run-1", "2026-03-02T02:30:00Z", "arn:1")
    ledger.commit_run("run-1", [receipt("a")])
    assert [r.receipt_id for r in ledger.pending_receipts()] == ["b"]
    assert ledger.run("run-1")["status"] == "SUCCEEDED"
    assert ledger.running() == {}


def test_a_failed_run_leaves_its_receipts_pending(ledger):
    ledger.put_receipt(receipt("a"))
    ledger.open_run("run-1", "2026-03-02T02:30:00Z", "arn:1")
    ledger.fail_run("run-1", "CleanRaw", "killed")
    assert [r.receipt_id for r in ledger.pending_receipts()] == ["a"]
    assert ledger.run("run-1")["failed_state"] == "CleanRaw"


def test_a_rejected_batch_is_held_until_it_is_released(ledger):
    ledger.put_receipt(receipt("a"))
    ledger.fail_run("run-1", "CheckClean", "gate", held=[receipt("a")])
    assert ledger.pending_receipts() == []
    ledger.release(ledger.held_receipts())
    assert [r.receipt_id for r in ledger.pending_receipts()] == ["a"]
    assert ledger.held_receipts() == []


def test_a_run_that_ends_late_does_not_free_another_runs_lock(ledger):
    ledger.open_run("run-2", "2026-03-02T03:30:00Z", "arn:2")
    ledger.fail_run("run-1", "CleanRaw", "late")
    assert ledger.running()["run_id"] == "run-2"


def test_fates_verdicts_and_row_counts_come_back_as_written(ledger):
    fates = Fates("clean_raw", "customer", 10, accepted=8, quarantined=2)
    ledger.put_fates("run-1", fates)
    ledger.put_fates("run-1", fates)
    ledger.put_verdict("run-1", "clean", "warn", {"rules": [{"name": "x", "share": 0.25}]})
    ledger.put_row_count("clean.customer", "run-1", "2026-03-02T02:30:00Z", 10)
    ledger.put_row_count("clean.customer", "run-2", "2026-03-03T02:30:00Z", 12)
    assert ledger.fates("run-1") == [fates]
    assert ledger.verdicts("run-1")["clean"] == {
        "verdict": "warn",
        "details": {"rules": [{"name": "x", "share": 0.25}]},
    }
    assert ledger.row_counts("clean.customer") == [12, 10]


def test_a_file_is_known_by_its_content(ledger):
    assert ledger.file_taken("abc") is None
    ledger.take_file("abc", "landing/crm/customer.v1/a.csv", 3)
    assert ledger.file_taken("abc")["rows"] == 3
