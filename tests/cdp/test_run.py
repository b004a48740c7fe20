import pytest

from cdp.run import Run, RunError, branch_of

EXECUTION = {
    "Id": "arn:aws:states:us-east-1:123456789012:execution:cdp-test-daily_pipeline:day-1",
    "Name": "day-1",
    "StartTime": "2026-03-02T02:31:07.123Z",
    "Input": {"run_at": "2026-03-02T03:30:00+01:00", "schedule": "daily"},
}


def test_a_run_is_named_by_its_scheduled_time_in_utc_and_its_execution():
    run = Run.of(EXECUTION)
    assert run == Run.of(EXECUTION)
    assert run.run_at == "2026-03-02T02:30:00Z"
    assert run.run_id.startswith("2026-03-02T02-30-00Z-")
    assert len(run.run_id.rsplit("-", 1)[1]) == 8


def test_two_executions_of_one_time_are_two_runs():
    other = {**EXECUTION, "Id": EXECUTION["Id"] + "-again"}
    assert Run.of(other).run_at == Run.of(EXECUTION).run_at
    assert Run.of(other).run_id != Run.of(EXECUTION).run_id


def test_an_execution_started_by_hand_runs_for_its_start():
    assert Run.of({**EXECUTION, "Input": {}}).run_at == "2026-03-02T02:31:07Z"


@pytest.mark.parametrize("changes", [{"Input": {"run_at": "today"}}, {"Input": {}, "StartTime": ""}])
def test_an_execution_without_a_time_is_refused(changes):
    with pytest.raises(RunError, match="needs run_at"):
        Run.of({**EXECUTION, **changes})


def test_a_branch_name_has_only_letters_digits_and_underscores():
    assert branch_of("2026-03-02T02-30-00Z-0a1b2c3d") == "run_2026_03_02T02_30_00Z_0a1b2c3d"
