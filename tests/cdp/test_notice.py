import json

import pytest

from cdp.notice import Failure, clean_text, failure_notice


def notice(failure, **changes):
    given = {"environment": "test", "run_id": "2026-r", "status": "RUNNING", "rejections": {}, "places": {}}
    return failure_notice(failure, **{**given, "count_held": 0, **changes})


def test_a_failure_is_the_state_that_failed_last_and_what_its_code_said():
    glue = {"JobName": "cdp-test-clean_raw", "Id": "jr_1", "JobRunState": "FAILED", "ErrorMessage": "RawError: gone"}
    state = {"failed": {"CleanRaw": {"Error": "States.TaskFailed", "Cause": json.dumps(glue)}}}
    failure = Failure.of(state)
    assert (failure.state, failure.error) == ("CleanRaw", "States.TaskFailed")
    assert failure.cause == "job cdp-test-clean_raw FAILED, job run jr_1: RawError: gone"


def test_a_function_s_error_is_unwrapped():
    cause = json.dumps({"errorMessage": "run x is still going on", "errorType": "RunInProgressError"})
    failure = Failure.of({"failed": {"PlanRun": {"Error": "RunInProgressError", "Cause": cause}}})
    assert failure.cause == "RunInProgressError: run x is still going on"
    assert "the next scheduled run takes what is pending" in notice(failure)["message"]


@pytest.mark.parametrize("state", [None, [], "x", {}, {"failed": None}, {"failed": {"A": None}}, {"failed": {}}])
def test_any_shape_gives_a_failure(state):
    failure = Failure.of(state)
    assert failure.error == "Unknown"
    assert notice(failure, run_id="")["message"]


def test_personal_data_and_length_are_cut_from_a_cause():
    text = clean_text("cannot cast 'ann.lee@example.com' of +49 170 1234567 at 2026-03-02T02:30:00+00:00" + "x" * 900)
    assert text.startswith("cannot cast '<e-mail>' of <phone> at 2026-03-02T02:30:00+00:00")
    assert len(text) == 600


def test_a_rejected_run_says_which_rules_where_to_look_and_what_to_do():
    failure = Failure("CheckClean", "GateRejected", "gate clean did not let the run through")
    rejections = {"clean": {"message": "clean.product price_not_negative (fail). For example product_id=p2."}}
    found = notice(failure, rejections=rejections, places={"branch": "run_2026_r"}, count_held=3)
    assert found["subject"] == "CDP test: run 2026-r FAILED in CheckClean"
    for part in ("product_id=p2", "- branch: run_2026_r", "3 batches are held", "release the held batches"):
        assert part in found["message"]


def test_a_run_that_was_committed_before_it_failed_needs_no_repeat():
    message = notice(Failure("CloseRun", "States.Timeout", ""), status="SUCCEEDED")["message"]
    assert "nothing has to be repeated" in message


def test_a_run_that_failed_while_it_was_published_does_not_say_that_nothing_was():
    message = notice(Failure("CloseRun", "States.Timeout", ""), status="PUBLISHING")["message"]
    assert "may be newer already" in message
    assert "nothing was published" not in message


def test_a_subject_fits_sns():
    subject = notice(Failure("CleanRäw" * 20, "E", "c"))["subject"]
    assert len(subject) <= 100
    assert subject.isascii()
