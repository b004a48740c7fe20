"""Step Functions waits for Glue jobs, names executions, and shows results that hold times.

Written for moto 5.2.5, where a `.sync` task of a service without task tokens dies with "'NoneType' object has no
attribute 'interrupt_all'", an execution that is started without a name is called "None" (so the second one is
refused), results with a datetime make DescribeExecution answer 500, GetExecutionHistory always gives all events from
the first however few are asked for, the Redshift Data API is unknown by its Step Functions name, EventBridge is not
told of an execution that was aborted, which is FAILED after all when the task that was running fails, and
ValidateStateMachineDefinition and ListStateMachineVersions, which Terraform's provider calls, are missing.
"""

from __future__ import annotations

import json
import uuid
from typing import Any

from moto.core.responses import ActionResult
from moto.events.models import events_backends
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import (
    state_task_service,
    state_task_service_callback,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.resource import ResourceCondition
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_aws_sdk import (
    StateTaskServiceAwsSdk,
)
from moto.stepfunctions.parser.asl.eval.environment import Environment
from moto.stepfunctions.parser.asl.eval.program_state import ProgramStopped
from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser
from moto.stepfunctions.parser.asl.utils.encoding import to_json_str
from moto.stepfunctions.parser.models import StepFunctionsParserBackend
from moto.stepfunctions.responses import StepFunctionResponse

from localcloud.patches.version import moto_patch

POLL_S = 0.2  # how often a .sync task looks; moto's half second is lost after every job
MOST_EVENTS = 1000  # of a page of the history

STATUS_CHANGE = "Step Functions Execution Status Change"
SERVICE_NAMES = {"redshiftdata": "redshift-data", "cloudwatchlogs": "logs", "eventbridge": "events"}


@moto_patch
def apply() -> None:
    """Replace the faulty parts of moto's interpreter of the Amazon States Language."""
    state_task_service_callback._DELAY_SECONDS_SYNC_CONDITION_CHECK = POLL_S
    state_task_service.StateTaskService._SERVICE_NAME_SFN_TO_BOTO_OVERRIDES.update(SERVICE_NAMES)
    _wait_without_task_token()
    _plain_json_results()
    _name_executions()
    _page_the_history()
    _tell_of_aborted_executions()
    _leave_aborted_executions_so()
    StepFunctionResponse.validate_state_machine_definition = _validate_state_machine_definition
    StepFunctionResponse.list_state_machine_versions = _list_state_machine_versions


def _wait_without_task_token() -> None:
    service = state_task_service_callback.StateTaskServiceCallback
    upstream = service._eval_integration_pattern

    def eval_integration_pattern(
        self: Any, env: Any, resource_runtime_part: Any, normalised_parameters: Any, state_credentials: Any
    ) -> None:
        arguments = (env, resource_runtime_part, normalised_parameters, state_credentials)
        if ResourceCondition.WaitForTaskToken in self._supported_integration_patterns:
            upstream(self, *arguments)
            return
        is_sync = self.resource.condition == ResourceCondition.Sync
        resolver = (self._build_sync_resolver if is_sync else self._build_sync2_resolver)(*arguments)
        result = self._eval_sync(
            env=env,
            sync_resolver=resolver,
            timeout_seconds=None,  # the state itself watches its timeout and ends `env`
            callback_endpoint=None,
            heartbeat_endpoint=None,
        )
        env.stack.append(_plain(result))

    service._eval_integration_pattern = eval_integration_pattern


def _plain_json_results() -> None:
    upstream = StateTaskServiceAwsSdk._eval_service_task

    def eval_service_task(self: Any, env: Any, *args: Any, **kwargs: Any) -> None:
        upstream(self, env, *args, **kwargs)
        env.stack.append(_plain(env.stack.pop()))

    StateTaskServiceAwsSdk._eval_service_task = eval_service_task


def _name_executions() -> None:
    upstream = StepFunctionsParserBackend.start_execution

    def start_execution(self: Any, state_machine_arn: str, name: str | None = None, *args: Any, **kwargs: Any) -> Any:
        return upstream(self, state_machine_arn, name or str(uuid.uuid4()), *args, **kwargs)

    StepFunctionsParserBackend.start_execution = start_execution


def _page_the_history() -> None:
    def get_execution_history(self: Any) -> ActionResult:
        events = self.stepfunction_backend.get_execution_history(self._get_param("executionArn"))["events"]
        if self._get_param("reverseOrder"):
            events = events[::-1]
        start = int(self._get_param("nextToken") or 0)
        end = start + int(self._get_param("maxResults") or MOST_EVENTS)
        page: dict[str, Any] = {"events": events[start:end]}
        return ActionResult(page | ({"nextToken": str(end)} if end < len(events) else {}))

    StepFunctionResponse.get_execution_history = get_execution_history


def _tell_of_aborted_executions() -> None:
    upstream = StepFunctionResponse.stop_execution

    def stop_execution(self: Any) -> Any:
        answer, arn = upstream(self), self._get_param("executionArn")
        machine = ":".join(arn.replace(":execution:", ":stateMachine:").split(":")[:7])
        detail = {"executionArn": arn, "stateMachineArn": machine, "status": "ABORTED"}
        event = {"Source": "aws.states", "DetailType": STATUS_CHANGE, "Detail": json.dumps(detail)}
        events_backends[self.current_account][self.region].put_events([event])
        return answer

    StepFunctionResponse.stop_execution = stop_execution


def _leave_aborted_executions_so() -> None:
    upstream = Environment.set_error

    def set_error(self: Any, error: Any) -> None:
        with self._state_mutex:
            if not isinstance(self._program_state, ProgramStopped):
                upstream(self, error)

    Environment.set_error = set_error


def _validate_state_machine_definition(self: Any) -> ActionResult:
    try:
        AmazonStateLanguageParser.parse(self._get_param("definition"))
        diagnostics = []
    except Exception as error:
        message = f"{type(error).__name__}: {error}"[:500]
        diagnostics = [{"severity": "ERROR", "code": "SCHEMA_VALIDATION_FAILED", "message": message}]
    result = "FAIL" if diagnostics else "OK"
    return ActionResult({"result": result, "diagnostics": diagnostics, "truncated": False})


def _list_state_machine_versions(self: Any) -> ActionResult:
    machine = self.stepfunction_backend.describe_state_machine(self._get_param("stateMachineArn"))
    versions = getattr(machine, "versions", {}).values()
    listed = [{"stateMachineVersionArn": v.arn, "creationDate": v.creation_date} for v in versions]
    return ActionResult({"stateMachineVersions": listed[::-1]})


def _plain(value: Any) -> Any:
    """`value` with times as ISO text, as Step Functions shows them."""
    return json.loads(to_json_str(value))
