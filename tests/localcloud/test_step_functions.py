"""State machines drive real functions and jobs, and what goes wrong there reaches Catch and Retry."""

from __future__ import annotations

import json
import os
import signal
from functools import partial

import pytest


def test_a_job_is_waited_for_and_its_times_are_text(sandbox):
    job = sandbox.job("import time; time.sleep(0.5)")
    machine = sandbox.state_machine({"Run": glue(job, End=True)}, "Run")
    execution = sandbox.execution(start(sandbox, machine))
    assert execution["status"] == "SUCCEEDED"
    output = json.loads(execution["output"])
    assert (output["JobRunState"], output["StartedOn"][:2]) == ("SUCCEEDED", "20")


def test_a_killed_job_is_a_failed_task_that_is_caught(sandbox):
    job = sandbox.job("import time; time.sleep(60)")
    caught = {"Type": "Pass", "End": True}
    task = glue(
        job, Catch=[{"ErrorEquals": ["States.TaskFailed"], "ResultPath": "$.failure", "Next": "Failed"}], End=True
    )
    machine = sandbox.state_machine({"Run": task, "Failed": caught}, "Run")
    execution = start(sandbox, machine)
    os.kill(sandbox.wait_for(lambda: pid_of_job(sandbox, job)), signal.SIGKILL)
    failure = json.loads(sandbox.execution(execution)["output"])["failure"]
    assert failure["Error"] == "States.TaskFailed"
    assert json.loads(failure["Cause"])["ErrorMessage"] == "killed by signal 9"


def test_a_functions_exception_is_the_tasks_error_name(sandbox):
    arn = sandbox.function("class StockError(Exception): pass\ndef handler(event, context): raise StockError('empty')")
    retried = [{"ErrorEquals": ["StockError"], "IntervalSeconds": 1, "MaxAttempts": 1, "BackoffRate": 1}]
    machine = sandbox.state_machine({"Call": function(arn, Retry=retried, End=True)}, "Call")
    execution = sandbox.execution(start(sandbox, machine))
    assert (execution["status"], execution["error"]) == ("FAILED", "StockError")
    log = sandbox.client("logs").filter_log_events(logGroupName=f"/aws/lambda/{arn.split(':')[-1]}")["events"]
    assert sum(event["message"].startswith("START") for event in log) == 2


def test_an_execution_that_was_stopped_stays_so_when_its_task_fails_afterwards(sandbox):
    arn = sandbox.function(
        "import time\ndef handler(event, context):\n    time.sleep(1.5)\n    raise ValueError('late')"
    )
    execution = start(sandbox, sandbox.state_machine({"Call": function(arn, End=True)}, "Call"))
    states = sandbox.client("stepfunctions")

    def events():
        return [e["type"] for e in states.get_execution_history(executionArn=execution)["events"]]

    sandbox.wait_for(lambda: "TaskStateEntered" in events())
    states.stop_execution(executionArn=execution)
    sandbox.wait_for(lambda: "LambdaFunctionFailed" in events() or "TaskFailed" in events())
    assert sandbox.execution(execution)["status"] == "ABORTED"


def test_a_function_gets_the_execution_from_the_context_object(sandbox):
    arn = sandbox.function("def handler(event, context): return event")
    parameters = {"FunctionName": arn, "Payload": {"execution.$": "$$.Execution"}}
    machine = sandbox.state_machine({"Call": function(arn, Parameters=parameters, End=True)}, "Call")
    execution = start(sandbox, machine, {"run_at": "2026-03-02T02:30:00Z"})
    payload = json.loads(sandbox.execution(execution)["output"])["Payload"]
    assert payload["execution"]["Input"] == {"run_at": "2026-03-02T02:30:00Z"}
    assert payload["execution"]["Id"] == execution


def test_executions_without_a_name_do_not_collide(sandbox):
    machine = sandbox.state_machine({"P": {"Type": "Pass", "End": True}}, "P")
    first, second = start(sandbox, machine), start(sandbox, machine)
    assert first != second


def test_results_of_the_sdk_integration_may_hold_times(sandbox):
    job = sandbox.job("pass")
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::aws-sdk:glue:getJob",
        "Parameters": {"JobName": job},
        "End": True,
    }
    machine = sandbox.state_machine({"Get": task}, "Get")
    output = json.loads(sandbox.execution(start(sandbox, machine))["output"])
    assert output["Job"]["CreatedOn"][:2] == "20"


def test_an_item_of_a_table_can_be_read_and_chosen_by(sandbox):
    table = sandbox.name("table")
    dynamodb = sandbox.client("dynamodb")
    dynamodb.create_table(
        TableName=table,
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    dynamodb.put_item(TableName=table, Item={"pk": {"S": "gate"}, "verdict": {"S": "fail"}})
    states = {
        "Read": {
            "Type": "Task",
            "Resource": "arn:aws:states:::dynamodb:getItem",
            "Parameters": {"TableName": table, "Key": {"pk": {"S": "gate"}}},
            "Next": "Choose",
        },
        "Choose": {
            "Type": "Choice",
            "Choices": [{"Variable": "$.Item.verdict.S", "StringEquals": "fail", "Next": "Failed"}],
            "Default": "Fine",
        },
        "Failed": {"Type": "Fail", "Error": "GateFailed"},
        "Fine": {"Type": "Succeed"},
    }
    machine = sandbox.state_machine(states, "Read")
    assert sandbox.execution(start(sandbox, machine))["error"] == "GateFailed"


@pytest.mark.parametrize(
    ("definition", "result"),
    [
        ('{"StartAt": "P", "States": {"P": {"Type": "Pass", "End": true}}}', "OK"),
        ('{"StartAt": "P", "States": {"P": {"Type": "Psas", "End": true}}}', "FAIL"),
        ("{", "FAIL"),
    ],
)
def test_a_definition_can_be_validated(sandbox, definition, result):
    answer = sandbox.client("stepfunctions").validate_state_machine_definition(definition=definition)
    assert answer["result"] == result


def test_the_history_comes_newest_first_and_in_pages(sandbox):
    states = {"A": {"Type": "Pass", "Next": "B"}, "B": {"Type": "Pass", "End": True}}
    execution = start(sandbox, sandbox.state_machine(states, "A"))
    sandbox.execution(execution)
    history = partial(sandbox.client("stepfunctions").get_execution_history, executionArn=execution)
    whole = [event["id"] for event in history()["events"]]
    first = history(reverseOrder=True, maxResults=2)
    second = history(reverseOrder=True, maxResults=len(whole), nextToken=first["nextToken"])
    assert [e["id"] for e in [*first["events"], *second["events"]]] == whole[::-1]
    assert "nextToken" not in second


def start(sandbox, machine: str, given: dict | None = None) -> str:
    started = sandbox.client("stepfunctions").start_execution(stateMachineArn=machine, input=json.dumps(given or {}))
    return started["executionArn"]


def glue(job: str, **more) -> dict:
    task = {"Type": "Task", "Resource": "arn:aws:states:::glue:startJobRun.sync", "Parameters": {"JobName": job}}
    return task | more


def function(arn: str, **more) -> dict:
    task = {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Parameters": {"FunctionName": arn}}
    return task | more


def pid_of_job(sandbox, job: str) -> int | None:
    return next((p["pid"] for p in sandbox.cloud.control.status()["processes"] if p["name"] == job), None)
