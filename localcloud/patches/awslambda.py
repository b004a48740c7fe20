"""A Lambda function runs what was deployed, asynchronously where AWS does; event sources are polled elsewhere.

Written for moto 5.2.5, which runs functions only in Docker containers (or answers without running them), treats
an `Event` invocation like any other, says "Handled" for every error, forgets DeadLetterConfig, and delivers
Kinesis and SQS messages one by one inside the producer's request, also for mappings that are disabled or deleted.
"""

from __future__ import annotations

import base64
import json
import time
from typing import Any

from moto.awslambda import models
from moto.kinesis.models import kinesis_backends
from moto.sqs.models import sqs_backends

from localcloud.lambda_process import Function, Invocation
from localcloud.lambda_runtime import failure_record
from localcloud.on_behalf import authorise_queue, may_log
from localcloud.patches.version import moto_patch
from localcloud.running import running
from localcloud.targets import Arn

LOG_TAIL = 4096  # bytes of the log an invoker may see


@moto_patch
def apply() -> None:
    """Send every invocation to the running cloud's processes."""
    models.LambdaFunction._invoke_lambda = _invoke_lambda
    models.LambdaFunction.invoke = _invoke
    _keep_dead_letter_config()
    _leave_delivery_to_pollers()


def function_of(arn: str) -> Function:
    """The function that is deployed under an ARN."""
    target = Arn.parse(arn)
    return _described(models.lambda_backends[target.account][target.region].get_function(arn))


def keep_log(function: Function, log_stream: str, lines: list[str]) -> None:
    """Append an invocation's lines to the function's log group in CloudWatch Logs."""
    from moto.logs.models import logs_backends

    logs, group = logs_backends[function.account][function.region], f"/aws/lambda/{function.name}"
    if not may_log(function.role, group):
        return
    logs.ensure_log_group(group)
    if log_stream not in logs.groups[group].streams:
        logs.create_log_stream(group, log_stream)
    at = int(time.time() * 1000)  # a log has real time: moto refuses lines of another day
    logs.put_log_events(group, log_stream, [{"timestamp": at, "message": line} for line in lines])


def on_async_failure(function: Function, event: str, invocation: Invocation, attempts: int) -> None:
    """Send what an asynchronous invocation could not do to the function's destination and dead-letter queue."""
    deployed = models.lambda_backends[function.account][function.region].get_function(function.arn)
    source = f"failed/{function.name}"
    for config in deployed.event_invoke_config:
        if arn := config.config.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination"):
            record = failure_record(function, event, invocation, attempts, running().clock)
            running().targets.send(arn, record, source)
    if arn := (deployed.dead_letter_config or {}).get("TargetArn"):
        authorise_queue(function.role, arn)
        running().targets.send(arn, event, source)


def _invoke_lambda(self: Any, event: Any = None) -> tuple[str, bool, str]:
    invocation = running().functions.invoke(_described(self), json.dumps({} if event is None else event))
    return invocation.payload, bool(invocation.error), invocation.log


def _invoke(self: Any, body: Any, request_headers: Any, response_headers: Any) -> str | bytes:
    event = json.dumps(json.loads(body)) if body else "{}"
    kind = request_headers.get("X-Amz-Invocation-Type", "RequestResponse")
    if kind == "Event":
        running().invoke_async(self.function_arn, event, "invoke")
    if kind in ("Event", "DryRun"):
        return ""
    invocation = running().functions.invoke(_described(self), event)
    if invocation.error:
        response_headers["x-amz-function-error"] = "Unhandled"
    response_headers["x-amz-log-result"] = base64.b64encode(invocation.log.encode()[-LOG_TAIL:]).decode()
    return invocation.payload.encode()


def _described(function: Any) -> Function:
    backend = models.lambda_backends[function.account_id][function.region]
    layers = [backend.layers_versions_by_arn(layer["Arn"]) for layer in function.layers or []]
    return Function(
        arn=function.function_arn,
        name=function.function_name,
        version=str(function.version),
        handler=function.handler,
        code=function.code_bytes,
        code_sha256=function.code_sha_256,
        variables={name: str(value) for name, value in (function.environment_vars or {}).items()},
        timeout_s=float(function.timeout),
        memory_mb=int(function.memory_size),
        account=function.account_id,
        region=function.region,
        role=str(function.role),
        layers=tuple(layer.code_bytes for layer in layers if layer),
    )


def _keep_dead_letter_config() -> None:
    init, update = models.LambdaFunction.__init__, models.LambdaFunction.update_configuration
    describe = models.LambdaFunction.get_configuration

    def __init__(self: Any, account_id: str, spec: dict[str, Any], *args: Any, **kwargs: Any) -> None:
        self.dead_letter_config = spec.get("DeadLetterConfig")
        init(self, account_id, spec, *args, **kwargs)

    def update_configuration(self: Any, config_updates: dict[str, Any]) -> Any:
        self.dead_letter_config = config_updates.get("DeadLetterConfig", self.dead_letter_config)
        return update(self, config_updates)

    def get_configuration(self: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        shown: dict[str, Any] = describe(self, *args, **kwargs)
        return shown | ({"DeadLetterConfig": self.dead_letter_config} if self.dead_letter_config else {})

    models.LambdaFunction.get_configuration = get_configuration
    models.LambdaFunction.__init__ = __init__
    models.LambdaFunction.update_configuration = update_configuration


def _leave_delivery_to_pollers() -> None:
    upstream = models.LambdaBackend.create_event_source_mapping

    def create_event_source_mapping(self: Any, spec: dict[str, Any]) -> Any:
        mapping = upstream(self, spec)
        for stream in kinesis_backends[self.account_id][self.region_name].streams.values():
            stream.lambda_event_source_mappings.clear()
        for queue in sqs_backends[self.account_id][self.region_name].queues.values():
            queue.lambda_event_source_mappings.clear()
        return mapping

    models.LambdaBackend.create_event_source_mapping = create_event_source_mapping
