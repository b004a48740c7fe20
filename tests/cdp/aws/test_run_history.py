import json

import pytest

from cdp.aws import objects
from cdp.aws.ledger import Ledger
from cdp.aws.run_history import latest_runs, rejections


@pytest.fixture
def reject(aws):
    """Puts a line with these rules broken into quarantine."""

    def reject(date, dataset, *rules):
        reasons = [{"pointer": "/email", "rule": rule, "message": "is wrong"} for rule in rules]
        key = f"records/stage=ingest_batch/dataset={dataset}/date={date}/{len(rules)}.jsonl.gz"
        line = json.dumps({"payload": "anna@inbox.example", "reasons": reasons}).encode() + b"\n"
        objects.put_lines(aws.bucket("quarantine"), key, [line, line])

    return reject


def test_reasons_are_counted_and_payloads_stay_where_they_are(aws, reject):
    reject("2026-03-03", "customer", "format", "required")
    reject("2026-03-02", "customer", "format")
    found = rejections(aws.bucket("quarantine"))
    assert [(line["rule"], line["records"]) for line in found] == [("format", 4), ("required", 2)]
    assert set(found[0]) == {"stage", "dataset", "pointer", "rule", "message", "records"}


def test_only_what_arrived_since_a_day_is_counted(aws, reject):
    reject("2026-03-02", "customer", "format")
    reject("2026-03-03", "product", "format")
    found = rejections(aws.bucket("quarantine"), since="2026-03-03")
    assert [(line["dataset"], line["records"]) for line in found] == [("product", 2)]


def test_a_run_that_step_functions_has_forgotten_is_told_without_times(aws):
    ledger = Ledger(aws.table("ledger"))
    arn = "arn:aws:states:us-east-1:123456789012:execution:cdp-test-daily_pipeline:gone"
    ledger.open_run("r1", "2026-03-02T02:30:00Z", arn)
    ledger.fail_run("r1", "CleanRaw", "killed")
    (run,) = latest_runs(ledger, 5)
    assert (run["status"], run["failed_state"], run["seconds"]) == ("FAILED", "CleanRaw", {})
