"""Functions run what was deployed, in processes, and fail the way Lambda says."""

from __future__ import annotations

import io
import json
import time
import zipfile

import psutil
import pytest

from localcloud.cloud_process import CloudProcess
from localcloud.lambda_runtime import IDLE_S

ECHO = """
import os
def handler(event, context):
    print("seen", event["n"])
    return {"event": event, "colour": os.environ["COLOUR"], "name": context.function_name, "pid": os.getpid()}
"""


def test_the_deployed_zip_runs_with_the_functions_environment(sandbox):
    arn = sandbox.function(ECHO, {"COLOUR": "green"})
    answer, error = sandbox.invoke(arn, {"n": 1})
    assert error is None
    assert (answer["event"], answer["colour"], answer["name"]) == ({"n": 1}, "green", arn.split(":")[-1])


def test_a_process_is_used_again_until_code_or_settings_change(sandbox):
    arn = sandbox.function(ECHO, {"COLOUR": "green"})
    first, second = (sandbox.invoke(arn, {"n": n})[0] for n in (1, 2))
    sandbox.client("lambda").update_function_configuration(
        FunctionName=arn, Environment={"Variables": {"COLOUR": "blue"}}
    )
    third, _ = sandbox.invoke(arn, {"n": 3})
    assert first["pid"] == second["pid"] != third["pid"]
    assert third["colour"] == "blue"


def test_an_exception_is_the_answer_with_its_type_and_trace(sandbox):
    arn = sandbox.function("def handler(event, context):\n    raise KeyError('customer')")
    answer, error = sandbox.invoke(arn, {})
    assert error == "Unhandled"
    assert answer["errorType"] == "KeyError"
    assert "app.py" in answer["stackTrace"][-1]


def test_a_module_that_cannot_be_imported_is_an_import_error_each_time(sandbox):
    arn = sandbox.function("import no_such_module\ndef handler(event, context): pass")
    answers = [sandbox.invoke(arn, {})[0] for _ in range(2)]
    assert [a["errorType"] for a in answers] == ["Runtime.ImportModuleError"] * 2
    assert "no_such_module" in answers[0]["errorMessage"]


def test_a_function_that_takes_too_long_is_killed_and_runs_again_next_time(sandbox):
    code = "import time\ndef handler(event, context):\n    time.sleep(event['s'])\n    return 'done'"
    arn = sandbox.function(code, Timeout=1)
    started = time.monotonic()
    answer, error = sandbox.invoke(arn, {"s": 30})
    assert error == "Unhandled"
    assert "Task timed out after 1.00 seconds" in answer["errorMessage"]
    assert time.monotonic() - started < 10
    assert sandbox.invoke(arn, {"s": 0})[0] == "done"


def test_a_process_that_dies_is_an_exit_error_and_is_replaced(sandbox):
    arn = sandbox.function(
        "import os\ndef handler(event, context):\n    if event['die']: os._exit(3)\n    return 'alive'"
    )
    answer, _ = sandbox.invoke(arn, {"die": True})
    assert answer["errorType"] == "Runtime.ExitError"
    assert "exit status 3" in answer["errorMessage"]
    assert sandbox.invoke(arn, {"die": False})[0] == "alive"


def test_sys_exit_in_a_handler_ends_the_process(sandbox):
    arn = sandbox.function("import sys\ndef handler(event, context): sys.exit(1)")
    assert sandbox.invoke(arn, {})[0]["errorType"] == "Runtime.ExitError"


def test_an_answer_that_is_no_json_is_a_marshal_error(sandbox):
    arn = sandbox.function("def handler(event, context): return {1, 2}")
    assert sandbox.invoke(arn, {})[0]["errorType"] == "Runtime.MarshalError"


def test_output_is_in_the_log_file_and_in_cloudwatch_logs(sandbox, logs):
    arn = sandbox.function(ECHO, {"COLOUR": "green"})
    sandbox.invoke(arn, {"n": 77})
    name = arn.split(":")[-1]
    assert "seen 77" in (logs / f"{name}.log").read_text()
    events = sandbox.client("logs").filter_log_events(logGroupName=f"/aws/lambda/{name}")["events"]
    assert "seen 77" in [event["message"] for event in events]


def test_output_of_a_function_that_was_killed_is_kept(sandbox, logs):
    code = "import time\ndef handler(event, context):\n    print('last words', flush=True)\n    time.sleep(60)"
    arn = sandbox.function(code, Timeout=1)
    sandbox.invoke(arn, {})
    assert "last words" in (logs / f"{arn.split(':')[-1]}.log").read_text()


def test_invocations_run_side_by_side(sandbox):
    code = "import os, time\ndef handler(event, context):\n    time.sleep(1)\n    return os.getpid()"
    arn = sandbox.function(code)
    for _ in range(3):
        sandbox.invoke(arn, {}, InvocationType="Event")
    answer, _ = sandbox.invoke(arn, {})
    sandbox.cloud.control.drained()
    pids = {p["pid"] for p in sandbox.cloud.control.status()["processes"] if p["name"] == arn.split(":")[-1]}
    assert answer in pids
    assert len(pids) == 4


def test_an_event_invocation_is_tried_three_times_and_then_sent_to_the_dead_letter_queue(sandbox):
    queue = sandbox.client("sqs").create_queue(QueueName=sandbox.name("dead"))["QueueUrl"]
    target = f"arn:aws:sqs:us-east-1:123456789012:{queue.split('/')[-1]}"
    code = "def handler(event, context):\n    print('attempt')\n    raise ValueError('no')"
    arn = sandbox.function(code, DeadLetterConfig={"TargetArn": target})
    answer = sandbox.client("lambda").invoke(FunctionName=arn, Payload=b'{"n": 5}', InvocationType="Event")
    assert answer["StatusCode"] == 202
    sandbox.cloud.control.drained()
    messages = sandbox.client("sqs").receive_message(QueueUrl=queue)["Messages"]
    assert json.loads(messages[0]["Body"]) == {"n": 5}
    group = f"/aws/lambda/{arn.split(':')[-1]}"
    events = sandbox.client("logs").filter_log_events(logGroupName=group)["events"]
    assert [e["message"] for e in events].count("attempt") == 3


def test_the_on_failure_destination_gets_request_and_response(sandbox):
    queue = sandbox.client("sqs").create_queue(QueueName=sandbox.name("failed"))["QueueUrl"]
    arn = sandbox.function("def handler(event, context): raise ValueError('no')")
    sandbox.client("lambda").put_function_event_invoke_config(
        FunctionName=arn,
        DestinationConfig={"OnFailure": {"Destination": f"arn:aws:sqs:us-east-1:123456789012:{queue.split('/')[-1]}"}},
    )
    sandbox.invoke(arn, {"n": 6}, InvocationType="Event")
    sandbox.cloud.control.drained()
    record = json.loads(sandbox.client("sqs").receive_message(QueueUrl=queue)["Messages"][0]["Body"])
    assert record["requestContext"]["condition"] == "RetriesExhausted"
    assert record["requestPayload"] == {"n": 6}
    assert record["responsePayload"]["errorType"] == "ValueError"


def test_a_function_has_its_roles_credentials_and_nobody_elses(sandbox, cloud: CloudProcess, monkeypatch):
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAPRODUCTION")
    arn = sandbox.function("import os\ndef handler(event, context): return dict(os.environ)")
    variables, _ = sandbox.invoke(arn, {})
    assert variables["AWS_ENDPOINT_URL"] == cloud.endpoint
    assert "AWS_PROFILE" not in variables
    assert variables["AWS_ACCESS_KEY_ID"].startswith("ASIA")  # of its role, in this cloud
    assert variables["AWS_SESSION_TOKEN"]


def test_a_layers_modules_can_be_imported(sandbox):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as layer:
        layer.writestr("python/tax.py", "RATE = 19")
    functions = sandbox.client("lambda")
    layer = functions.publish_layer_version(LayerName=sandbox.name("layer"), Content={"ZipFile": buffer.getvalue()})
    arn = sandbox.function(
        "import tax\ndef handler(event, context): return tax.RATE", Layers=[layer["LayerVersionArn"]]
    )
    assert sandbox.invoke(arn, {}) == (19, None)


@pytest.mark.slow
def test_a_process_that_has_long_been_idle_ends(sandbox, cloud: CloudProcess):
    arn = sandbox.function(ECHO, {"COLOUR": "green"})
    pid = sandbox.invoke(arn, {"n": 1})[0]["pid"]
    deadline = time.monotonic() + IDLE_S + 20
    while psutil.pid_exists(pid) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert pid not in {p["pid"] for p in cloud.control.status()["processes"]}
    assert not psutil.pid_exists(pid)
    assert sandbox.invoke(arn, {"n": 2})[0]["event"] == {"n": 2}
