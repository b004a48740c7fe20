"""Schedules start what they name, by hand and by the cloud's clock."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime

import pytest

from localcloud.clock import Clock
from localcloud.cloud_process import CloudProcess
from localcloud.control import ControlError

INPUT = {"run_at": "<aws.scheduler.scheduled-time>", "schedule": "daily", "try": "<aws.scheduler.attempt-number>"}


def schedule(box, target: str, expression: str = "cron(30 2 * * ? *)", name: str = "") -> str:
    name = name or box.name("schedule")
    box.client("scheduler").create_schedule(
        Name=name,
        ScheduleExpression=expression,
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={"Arn": target, "RoleArn": "arn:aws:iam::123456789012:role/tester", "Input": json.dumps(INPUT)},
    )
    return name


def test_a_schedule_fired_by_hand_starts_its_state_machine_with_the_scheduled_time(sandbox):
    machine = sandbox.state_machine({"P": {"Type": "Pass", "End": True}}, "P")
    name = schedule(sandbox, machine)
    execution = sandbox.cloud.control.fire(name, at=datetime(2026, 3, 2, 2, 30, tzinfo=UTC))
    started = json.loads(sandbox.execution(execution)["input"])
    assert started == {"run_at": "2026-03-02T02:30:00Z", "schedule": "daily", "try": "1"}


def test_the_clocks_now_is_the_scheduled_time_unless_told(sandbox):
    machine = sandbox.state_machine({"P": {"Type": "Pass", "End": True}}, "P")
    name = schedule(sandbox, machine)
    try:
        sandbox.cloud.control.set_clock(datetime(2026, 3, 3, 2, 30, tzinfo=UTC))
        execution = sandbox.cloud.control.fire(name)
    finally:
        sandbox.cloud.control.set_clock(datetime.now(UTC))
    assert json.loads(sandbox.execution(execution)["input"])["run_at"].startswith("2026-03-03T02:30:")


def test_an_unknown_schedule_is_refused_by_name(sandbox):
    with pytest.raises(ControlError, match="there is no schedule 'weekly'"):
        sandbox.cloud.control.fire("weekly")


@pytest.mark.slow
def test_schedules_fire_by_themselves_when_the_clock_gets_there(sandbox, tmp_path):
    with CloudProcess(tmp_path, options=["--schedules", "--no-preload"]) as cloud:
        box = type(sandbox)(cloud)
        machine = box.state_machine({"P": {"Type": "Pass", "End": True}}, "P")
        schedule(box, machine)
        schedule(box, machine, "cron(31 2 * * ? *)")
        cloud.control.set_clock(datetime(2026, 3, 2, 2, 29, 58, tzinfo=UTC))
        states = box.client("stepfunctions")
        box.wait_for(lambda: states.list_executions(stateMachineArn=machine)["executions"])
        cloud.control.set_clock(datetime(2026, 3, 3, 2, 45, tzinfo=UTC))  # what lies between does not fire
        time.sleep(1.2)
        (execution,) = states.list_executions(stateMachineArn=machine)["executions"]
        described = states.describe_execution(executionArn=execution["executionArn"])
        assert json.loads(described["input"])["run_at"] == "2026-03-02T02:30:00Z"


def test_a_clock_goes_on_from_where_it_is_set():
    clock, day = Clock(), datetime(2026, 3, 2, tzinfo=UTC)
    clock.set(day)
    assert 0 <= (clock.now() - day).total_seconds() < 5


def test_a_clock_refuses_a_time_without_an_offset():
    with pytest.raises(ValueError, match="no UTC offset"):
        Clock().set(datetime(2026, 3, 2))
