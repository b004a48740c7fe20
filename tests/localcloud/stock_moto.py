"""Tries moto as it is, without a patch, for every fault that is patched; prints {fault: is it still there} as JSON.

Run in a process of its own, since patches are global.
"""

from __future__ import annotations

import io
import json
import sys
import threading
import time
import zipfile
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import boto3
from moto import backends, mock_aws
from moto.glue.responses import GlueResponse
from moto.kinesis.models import Shard
from moto.stepfunctions.parser.asl.eval.environment import Environment
from moto.stepfunctions.parser.asl.eval.program_state import ProgramError
from moto.stepfunctions.responses import StepFunctionResponse

REGION = "us-east-1"
ROLE = "arn:aws:iam::123456789012:role/r"
DENY_WITHOUT_TLS = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Deny",
            "Principal": "*",
            "Action": ["s3:*"],
            "Resource": ["arn:aws:s3:::secure", "arn:aws:s3:::secure/*"],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }
    ],
}
LOG_DELIVERY = {
    "Effect": "Allow",
    "Principal": {"Service": "logging.s3.amazonaws.com"},
    "Action": ["s3:PutObject"],
    "Resource": "arn:aws:s3:::logging/*",
}
FAULTS: dict[str, Callable[[], bool]] = {}


def fault(check: Callable[[], bool]) -> Callable[[], bool]:
    FAULTS[check.__name__] = check
    return check


def client(service: str) -> Any:
    return boto3.client(service, region_name=REGION)


@fault
def kinesis_put_record_takes_longer_in_a_longer_shard() -> bool:
    shard = Shard(0, 0, 2**128)
    times = []
    for _ in range(2):
        started = time.process_time()
        for _ in range(3000):
            shard.put_record("k", "eA==", "")
        times.append(time.process_time() - started)
    return times[1] > 1.8 * times[0]


@fault
def kinesis_threads_overwrite_each_others_records() -> bool:
    sys.setswitchinterval(1e-6)
    try:
        return any(_records_of_six_threads() < 6000 for _ in range(5))
    finally:
        sys.setswitchinterval(0.005)


def _records_of_six_threads() -> int:
    shard = Shard(0, 0, 2**128)

    def put() -> None:
        for _ in range(1000):
            shard.put_record("k", "eA==", "")

    writers = [threading.Thread(target=put) for _ in range(6)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    return len(shard.records)


@fault
def kinesis_get_records_fails_while_records_are_put() -> bool:
    shard = Shard(0, 0, 2**128)
    for _ in range(3):
        shard.put_record("k", "eA==", "")

    class Putting(type(shard.records)):  # type: ignore[misc]
        def items(self) -> Any:
            for item in super().items():
                yield item
                self[len(self) + 1] = item[1]

    shard.records = Putting(shard.records)
    try:
        shard.get_records("0", 10)
    except RuntimeError:
        return True
    return False


@fault
def lambda_delivers_stream_records_inside_the_producers_request() -> bool:
    client("iam").create_role(RoleName="r", AssumeRolePolicyDocument="{}")
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as package:
        package.writestr("a.py", "def handler(event, context): pass")
    client("lambda").create_function(
        FunctionName="f", Runtime="python3.11", Role=ROLE, Handler="a.handler", Code={"ZipFile": buffer.getvalue()}
    )
    client("kinesis").create_stream(StreamName="s", ShardCount=1)
    arn = f"arn:aws:kinesis:{REGION}:123456789012:stream/s"
    client("lambda").create_event_source_mapping(
        EventSourceArn=arn, FunctionName="f", StartingPosition="LATEST", Enabled=False
    )
    from moto.kinesis.models import kinesis_backends

    stream = kinesis_backends["123456789012"][REGION].streams["s"]
    return bool(stream.lambda_event_source_mappings)


@fault
def lambda_forgets_the_dead_letter_config() -> bool:
    from moto.awslambda.models import lambda_backends

    function = lambda_backends["123456789012"][REGION].get_function("f")
    return not hasattr(function, "dead_letter_config")


@fault
def lambda_does_not_show_the_dead_letter_config() -> bool:
    return "DeadLetterConfig" not in client("lambda").get_function_configuration(FunctionName="f")


@fault
def kinesis_forgets_the_tags_of_a_new_stream() -> bool:
    client("kinesis").create_stream(StreamName="tagged", ShardCount=1, Tags={"a": "b"})
    return client("kinesis").list_tags_for_stream(StreamName="tagged")["Tags"] == []


@fault
def sqs_clears_the_policy_when_another_attribute_is_set() -> bool:
    url = client("sqs").create_queue(QueueName="q", Attributes={"Policy": json.dumps(DENY_WITHOUT_TLS)})["QueueUrl"]
    client("sqs").set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "60"})
    return "Policy" not in client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]


@fault
def s3_does_not_show_that_a_bucket_tells_eventbridge() -> bool:
    client("s3").create_bucket(Bucket="telling")
    told: dict[str, Any] = {"EventBridgeConfiguration": {}}
    client("s3").put_bucket_notification_configuration(Bucket="telling", NotificationConfiguration=told)
    return "EventBridgeConfiguration" not in client("s3").get_bucket_notification_configuration(Bucket="telling")


@fault
def s3_takes_a_deny_for_met_whose_condition_is_not() -> bool:
    client("s3").create_bucket(Bucket="secure")
    client("s3").put_bucket_policy(Bucket="secure", Policy=json.dumps(DENY_WITHOUT_TLS))
    try:
        client("s3").put_object(Bucket="secure", Key="k", Body=b"")
    except client("s3").exceptions.ClientError as error:
        return error.response["ResponseMetadata"]["HTTPStatusCode"] == 403
    return False


@fault
def glue_cannot_update_a_job() -> bool:
    return not hasattr(GlueResponse, "update_job")


@fault
def step_functions_lists_no_versions() -> bool:
    return not hasattr(StepFunctionResponse, "list_state_machine_versions")


@fault
def iam_enforcement_takes_a_tables_arn_for_any() -> bool:
    from moto.core.responses import BaseResponse
    from moto.dynamodb.responses import DynamoHandler

    return not hasattr(DynamoHandler, "_determine_resource") and hasattr(
        BaseResponse, "_authenticate_and_authorize_action"
    )


@fault
def lambda_runs_nothing_without_docker() -> bool:
    from moto.awslambda.models import LambdaFunction

    return any("docker" in name for name in LambdaFunction._invoke_lambda.__code__.co_names)


@fault
def glue_update_table_ignores_the_version() -> bool:
    glue = client("glue")
    glue.create_database(DatabaseInput={"Name": "d"})
    glue.create_table(DatabaseName="d", TableInput={"Name": "t"})
    for _ in range(2):
        glue.update_table(DatabaseName="d", TableInput={"Name": "t"}, VersionId="1")
    return True


@fault
def glue_job_runs_succeed_without_a_script() -> bool:
    glue = client("glue")
    glue.create_job(Name="j", Role=ROLE, Command={"Name": "pythonshell", "ScriptLocation": "s3://nowhere/j.py"})
    run = glue.start_job_run(JobName="j")["JobRunId"]
    return bool(glue.get_job_run(JobName="j", RunId=run)["JobRun"]["JobRunState"] == "SUCCEEDED")


@fault
def glue_cannot_stop_job_runs() -> bool:
    return not hasattr(GlueResponse, "batch_stop_job_run")


@fault
def s3_delete_markers_cannot_be_disposed_of() -> bool:
    from moto.s3.models import FakeDeleteMarker

    return not hasattr(FakeDeleteMarker, "dispose")


@fault
def s3_lists_versions_of_a_key_that_is_deleted_meanwhile() -> bool:
    from moto.s3.utils import _VersionedKeyStore

    store = _VersionedKeyStore()
    store["a"] = store["b"] = SimpleNamespace(dispose=lambda garbage=False: None)
    listed = store.iterlists()
    next(listed)
    store.pop("b")
    return next(listed, None) == ("b", None)


@fault
def s3_writes_an_object_for_every_request_that_is_logged() -> bool:
    s3 = client("s3")
    for name in ("logging", "logged"):
        s3.create_bucket(Bucket=name)
    s3.put_bucket_policy(Bucket="logging", Policy=json.dumps({"Statement": [LOG_DELIVERY]}))
    status: Any = {"LoggingEnabled": {"TargetBucket": "logging", "TargetPrefix": "access/"}}
    s3.put_bucket_logging(Bucket="logged", BucketLoggingStatus=status)
    for _ in "xy":
        s3.head_bucket(Bucket="logged")
    return s3.list_objects_v2(Bucket="logging")["KeyCount"] == 2


@fault
def s3_events_all_have_the_same_id() -> bool:
    from moto.events.models import Rule

    seen: list[str] = []
    keep, Rule.send_to_targets = Rule.send_to_targets, lambda self, event, **_: seen.append(event["id"])
    client("events").put_rule(Name="r", EventPattern='{"source": ["aws.s3"]}')
    s3 = client("s3")
    s3.create_bucket(Bucket="bbb")
    configuration: Any = {"EventBridgeConfiguration": {}}
    s3.put_bucket_notification_configuration(Bucket="bbb", NotificationConfiguration=configuration)
    for key in "xy":
        s3.put_object(Bucket="bbb", Key=key)
    Rule.send_to_targets = keep
    return len(seen) > 1 and len(set(seen)) == 1


@fault
def s3_announces_a_multipart_upload_twice() -> bool:
    from moto.events.models import Rule

    seen: list[str] = []
    keep = Rule.send_to_targets
    Rule.send_to_targets = lambda self, event, **_: seen.append(event["detail-type"])
    s3 = client("s3")
    upload = s3.create_multipart_upload(Bucket="bbb", Key="big")["UploadId"]
    part = s3.upload_part(Bucket="bbb", Key="big", UploadId=upload, PartNumber=1, Body=b"x")
    parts: Any = {"Parts": [{"ETag": part["ETag"], "PartNumber": 1}]}
    s3.complete_multipart_upload(Bucket="bbb", Key="big", UploadId=upload, MultipartUpload=parts)
    Rule.send_to_targets = keep
    return seen.count("Object Created") == 2


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
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::glue:startJobRun.sync",
        "Parameters": {"JobName": "j"},
        "End": True,
    }
    return "interrupt_all" in cause(machine({"P": task}))


@fault
def stepfunctions_cannot_show_results_with_times() -> bool:
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::aws-sdk:glue:getJob",
        "Parameters": {"JobName": "j"},
        "End": True,
    }
    return "datetime" in cause(machine({"P": task})) or "not JSON serializable" in cause(machine({"P": task}))


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


if __name__ == "__main__":
    with mock_aws(config={"stepfunctions": {"execute_state_machine": True}}):  # type: ignore[arg-type]
        found = {}
        for name, check in FAULTS.items():
            try:
                found[name] = check()
            except Exception as error:
                found[name] = f"{type(error).__name__}: {error}"
        print(json.dumps(found))
