from datetime import datetime, timedelta

from cdp.accounting import Fates
from cdp.run_summary import run_summary, snake_case, warnings

BEGAN = datetime(2026, 3, 2, 2, 30)
RULE = {"dataset": "clean.customer", "rule": "email_form", "severity": "warn", "dimension": "conformity"}
FOUND = {"checked": 1000, "failing": 12, "measured": 1.2, "threshold": "< 1 percent"}
VERDICTS = {
    "clean": {
        "verdict": "warn",
        "details": {
            "tables": {"clean.customer": {"verdict": "warn", "rows": 1000, "scores": {"conformity": 98.8}}},
            "broken": [{**RULE, **FOUND, "sample_keys": [{"customer_id": "C1"}]}],
        },
    }
}


def event(kind, state, seconds):
    detail = "stateEnteredEventDetails" if kind == "TaskStateEntered" else "stateExitedEventDetails"
    return {"type": kind, "timestamp": BEGAN + timedelta(seconds=seconds), detail: {"name": state}}


def summary(**given):
    parts = {"run": {"status": "SUCCEEDED"}, "fates": [], "verdicts": {}, "completeness": {}, "history": []} | given
    return run_summary("r1", **parts)


def test_verdicts_rows_and_scores_are_told_by_dataset():
    run = summary(verdicts=VERDICTS)
    assert run["verdicts"] == {"clean.customer": "warn"}
    assert run["tables"] == {"clean.customer": {"rows": 1000, "scores": {"conformity": 98.8}}}


def test_a_broken_rule_is_told_without_the_rows_that_broke_it():
    run = summary(verdicts=VERDICTS)
    assert run["broken"] == [RULE | FOUND]
    assert warnings(run) == ["clean.customer: email_form (warn): 12 of 1,000 rows"]


def test_a_rule_that_counts_no_rows_is_told_by_what_it_measured():
    broken = RULE | FOUND | {"failing": 0}
    assert warnings({"broken": [broken]}) == [
        "clean.customer: email_form (warn): measured 1.2, must be < 1 percent",
    ]


def test_stages_stand_in_the_order_of_a_run():
    stages = ("load_warehouse", "clean_raw", "ingest_stream", "ingest_batch")
    run = summary(fates=[Fates(stage, "d", 0) for stage in stages])
    assert [line["stage"] for line in run["stages"]] == ["ingest_batch", "ingest_stream", "clean_raw", "load_warehouse"]


def test_only_tasks_that_ended_have_seconds():
    history = [
        event("TaskStateEntered", "CleanRaw", 0),
        event("ChoiceStateEntered", "AnyRecords", 1),
        event("TaskStateExited", "CleanRaw", 61.5),
        event("TaskStateEntered", "CheckClean", 62),
    ]
    assert summary(history=history)["seconds"] == {"clean_raw": 61.5}


def test_a_failed_run_says_where_and_why():
    run = summary(run={"status": "FAILED", "failed_state": "CleanRaw", "cause": "Killed: signal 9"})
    assert (run["failed_state"], run["cause"]) == ("CleanRaw", "Killed: signal 9")


def test_a_state_is_written_as_in_the_code():
    assert snake_case("BuildGoldenRecords") == "build_golden_records"
