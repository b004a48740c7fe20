"""Rules of events and state machines."""

from __future__ import annotations

import json
import time
from typing import Any

from moto import backends
from moto.stepfunctions.parser.asl.eval.environment import Environment
from moto.stepfunctions.parser.asl.eval.program_state import ProgramError
from moto.stepfunctions.responses import StepFunctionResponse

from tests.localcloud.stock.probe import REGION, ROLE, client, fault


@fault
def step_functions_lists_no_versions() -> bool:
    return not hasattr(StepFunctionResponse, "list_state_machine_versions")


@fault
def events_have_no_lambda_targets() -> bool:
    events = client("events")
    events.put_rule(Name="p", EventPattern='{"source": ["shop"]}')
    events.put_targets(Rule="p", Targets=[{"Id": "1", "Arn": f"arn:aws:lambda:{REGION}:123456789012:function:f"}])
    try:
        events.put_events(Entries=[{"Source": "shop", "DetailType": "d", "Detail": "{}"}])
    except NotImplementedError:
        return True
    return False


@fault
def events_disabled_rules_fire() -> bool:
    sqs, events = client("sqs"), client("events")
    queue = sqs.create_queue(QueueName="q")["QueueUrl"]
    events.put_rule(Name="off", EventPattern='{"source": ["till"]}', State="DISABLED")
    events.put_targets(Rule="off", Targets=[{"Id": "1", "Arn": f"arn:aws:sqs:{REGION}:123456789012:q"}])
    events.put_events(Entries=[{"Source": "till", "DetailType": "d", "Detail": "{}"}])
    return "Messages" in sqs.receive_message(QueueUrl=queue)


@fault
def stepfunctions_names_executions_none() -> bool:
    arn = machine({"P": {"Type": "Pass", "End": True}})
    return client("stepfunctions").start_execution(stateMachineArn=arn)["executionArn"].endswith(":None")


@fault
def stepfunctions_gives_the_whole_history_whatever_is_asked_for() -> bool:
    states_api = client("stepfunctions")
    arn = machine({"P": {"Type": "Pass", "End": True}})
    started = states_api.start_execution(stateMachineArn=arn, name="h")["executionArn"]
    while states_api.describe_execution(executionArn=started)["status"] == "RUNNING":
        time.sleep(0.05)
    return len(states_api.get_execution_history(executionArn=started, reverseOrder=True, maxResults=1)["events"]) > 1


@fault
def the_server_lists_its_modules_for_every_request() -> bool:
    return backends.list_of_moto_modules() is not backends.list_of_moto_modules()


@fault
def stepfunctions_sync_without_token_dies() -> bool:
    return "interrupt_all" in cause(machine({"P": about_a_job("glue:startJobRun.sync")}))


@fault
def stepfunctions_cannot_show_results_with_times() -> bool:
    return "not JSON serializable" in cause(machine({"P": about_a_job("aws-sdk:glue:getJob")}))


@fault
def stepfunctions_takes_an_error_for_the_end_of_what_was_aborted() -> bool:
    program = Environment({}, None, {"Execution": {"Input": {}}}, None, None, {})
    program.next_state_name = "P"
    program.set_stop(None, None, None)
    program.set_error({"error": "E"})
    return isinstance(program.program_state(), ProgramError)


@fault
def stepfunctions_cannot_validate_a_definition() -> bool:
    return not hasattr(StepFunctionResponse, "validate_state_machine_definition")


@fault
def stepfunctions_does_not_know_the_redshift_data_api() -> bool:
    from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service import (
        StateTaskService,
    )

    return "redshiftdata" not in StateTaskService._SERVICE_NAME_SFN_TO_BOTO_OVERRIDES


def about_a_job(call: str) -> dict[str, Any]:
    """A task that makes the call of a job that there is."""
    name = f"j{time.perf_counter_ns()}"
    client("glue").create_job(
        Name=name, Role=ROLE, Command={"Name": "pythonshell", "ScriptLocation": "s3://nowhere/j.py"}
    )
    return {"Type": "Task", "Resource": f"arn:aws:states:::{call}", "Parameters": {"JobName": name}, "End": True}


def machine(states: dict[str, Any]) -> str:
    definition, states_api = json.dumps({"StartAt": "P", "States": states}), client("stepfunctions")
    name = f"m{time.perf_counter_ns()}"
    return str(states_api.create_state_machine(name=name, definition=definition, roleArn=ROLE)["stateMachineArn"])


def cause(arn: str) -> str:
    """Why an execution failed, or how describing it did."""
    states_api = client("stepfunctions")
    started = states_api.start_execution(stateMachineArn=arn, name=f"e{time.perf_counter_ns()}")["executionArn"]
    for _ in range(100):
        try:
            execution = states_api.describe_execution(executionArn=started)
        except Exception as error:
            return f"{type(error).__name__}: {error}"
        if execution["status"] != "RUNNING":
            return str(execution)
        time.sleep(0.05)
    return "still running"
