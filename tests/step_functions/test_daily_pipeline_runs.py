"""The pipeline's definition, executed: moto's interpreter, the real plan_run and fail_run, jobs that do as told."""

import json
import time
import urllib.request
from types import SimpleNamespace

import boto3
import pytest
from moto.awslambda.models import LambdaFunction
from moto.glue.models import FakeJob, FakeJobRun
from moto.sns.models import sns_backends

from cdp.aws.ledger import Ledger, Receipt
from lambdas import fail_run, plan_run
from localcloud.creator import EVERYTHING
from localcloud.patches import stepfunctions
from tests.conftest import PLATFORM

FUNCTIONS = {"cdp-test-plan_run": plan_run.handler, "cdp-test-fail_run": fail_run.handler}
CONTEXT = SimpleNamespace(function_name="f", memory_limit_in_mb=1, invoked_function_arn="a", aws_request_id="r")
RECEIPT = Receipt("a", "ingest_batch", "product", 2, 1, 0, 1, "2026-03-02T02:00:00Z", "records/a.jsonl.gz")
ROLE = "arn:aws:iam::123456789012:role/test"
LIMIT_S = 60


class Pipeline:
    """Runs the state machine; `jobs` are the jobs that ran, `does` says what a job does instead of succeeding."""

    def __init__(self, settings, definition):
        self.ledger = Ledger(settings.table("ledger"))
        self.jobs, self.does, self.functions = [], {}, dict(FUNCTIONS)
        for state in definition["States"].values():
            for retry in state.get("Retry", []):
                retry |= {"IntervalSeconds": 1, "MaxAttempts": 1}
        self._states = boto3.client("stepfunctions")
        self._machine = self._states.create_state_machine(
            name="daily_pipeline", definition=json.dumps(definition), roleArn=ROLE
        )["stateMachineArn"]

    def run(self, name="day-1"):
        """The execution, once it has ended."""
        given = json.dumps({"run_at": "2026-03-02T02:30:00Z", "schedule": "daily"})
        arn = self._states.start_execution(stateMachineArn=self._machine, name=name, input=given)["executionArn"]
        end = time.monotonic() + LIMIT_S
        while (found := self._states.describe_execution(executionArn=arn))["status"] == "RUNNING":
            assert time.monotonic() < end, "the execution does not end"
            time.sleep(0.1)
        return found

    @property
    def told(self):
        """Subject and message of every notification."""
        (topic,) = sns_backends["123456789012"]["us-east-1"].topics.values()
        return [(subject, message) for _, message, subject, *_ in topic.sent_notifications]

    def job(self, name, arguments):
        """What a job does: what the test said, else its part of a good run."""
        self.jobs.append(name.removeprefix("cdp-test-") + arguments.get("--gate", ""))
        if self.jobs[-1] in self.does:
            self.does[self.jobs[-1]](arguments["--run_id"])
        elif "--gate" in arguments:
            self.verdict("pass", arguments["--gate"])(arguments["--run_id"])
        elif name.endswith("close_run"):
            self.ledger.commit_run(arguments["--run_id"], self.ledger.pending_receipts())

    def verdict(self, verdict, gate):
        """A job that writes a gate's verdict."""
        details = {"message": f"product_id=p2 broke a rule of gate {gate}"}
        return lambda run_id: self.ledger.put_verdict(run_id, gate, verdict, details)


@pytest.fixture
def pipeline(aws, moto_server, definition, monkeypatch):
    stepfunctions.apply()
    monkeypatch.setenv("MOTO_PORT", moto_server.rsplit(":", 1)[1])
    config = json.dumps({"stepfunctions": {"execute_state_machine": True}}).encode()
    urllib.request.urlopen(urllib.request.Request(f"{moto_server}/moto-api/config", config), timeout=30).read()
    boto3.client("iam").create_role(RoleName="test", AssumeRolePolicyDocument="{}")
    boto3.client("iam").put_role_policy(RoleName="test", PolicyName="all", PolicyDocument=EVERYTHING)
    for name in FUNCTIONS:
        boto3.client("lambda").create_function(
            FunctionName=name, Runtime="python3.11", Role=ROLE, Handler="x", Code={"ZipFile": b"x"}
        )
    for key in PLATFORM["job"]:
        command = {"Name": "glueetl", "ScriptLocation": "s3://x"}
        boto3.client("glue").create_job(Name=f"cdp-test-{key}", Role=ROLE, Command=command)
    pipeline = Pipeline(aws, definition)
    pipeline.ledger.put_receipt(RECEIPT)

    def invoke(self, body, request_headers, response_headers):
        try:
            return json.dumps(pipeline.functions[self.function_name](json.loads(body), CONTEXT)).encode()
        except Exception as error:
            response_headers["x-amz-function-error"] = "Unhandled"
            return json.dumps({"errorType": type(error).__name__, "errorMessage": str(error)}).encode()

    start, ended = FakeJob.start_job_run, {}

    def start_job_run(self, *args, **kwargs):
        job_run_id = start(self, *args, **kwargs)
        (found,) = [run for run in self.job_runs if run.job_run_id == job_run_id]
        try:
            pipeline.job(self.name, found.arguments)
            ended[job_run_id] = "SUCCEEDED"
        except RuntimeError:
            ended[job_run_id] = "FAILED"
        return job_run_id

    monkeypatch.setattr(LambdaFunction, "invoke", invoke)
    monkeypatch.setattr(FakeJob, "start_job_run", start_job_run)
    monkeypatch.setattr(FakeJobRun, "status", property(lambda self: ended[self.job_run_id]))
    return pipeline


def dies(run_id):
    raise RuntimeError(run_id)


def test_a_good_run_does_everything_in_order_and_tells_nobody(pipeline):
    assert pipeline.run()["status"] == "SUCCEEDED"
    before, after = ["clean_raw", "check_qualityclean"], ["check_qualitycurated", "load_warehouse", "close_run"]
    middle = ["resolve_identities", "build_golden_records", "build_star_schema"]
    assert pipeline.jobs == before + middle + after
    assert pipeline.told == []
    assert pipeline.ledger.pending_receipts() == []


def test_a_run_without_records_is_only_closed(pipeline):
    assert pipeline.run("day-1")["status"] == "SUCCEEDED"
    pipeline.jobs.clear()
    assert pipeline.run("day-2")["status"] == "SUCCEEDED"
    assert pipeline.jobs == ["close_run"]


@pytest.mark.parametrize(("gate", "jobs"), [("clean", 2), ("curated", 6)])
def test_a_gate_that_fails_holds_the_batch_tells_why_and_ends_failed(pipeline, gate, jobs):
    pipeline.does[f"check_quality{gate}"] = pipeline.verdict("fail", gate)
    ended = pipeline.run()
    assert (ended["status"], ended["error"]) == ("FAILED", "GateRejected")
    assert len(pipeline.jobs) == jobs
    ((subject, message),) = pipeline.told
    assert subject.endswith(f"FAILED in Check{gate.capitalize()}")
    assert f"product_id=p2 broke a rule of gate {gate}" in message
    assert (pipeline.ledger.pending_receipts(), pipeline.ledger.held_receipts()) == ([], [RECEIPT])


def test_a_gate_that_says_nothing_does_not_let_through(pipeline):
    pipeline.does["check_qualityclean"] = lambda run_id: None
    assert pipeline.run()["error"] == "GateRejected"
    assert pipeline.jobs == ["clean_raw", "check_qualityclean"]


def test_a_warning_is_told_and_the_run_goes_on(pipeline):
    pipeline.does["check_qualitycurated"] = pipeline.verdict("warn", "curated")
    assert pipeline.run()["status"] == "SUCCEEDED"
    ((subject, message),) = pipeline.told
    assert subject.endswith("goes on with a warning of gate curated")
    assert "product_id=p2" in message


def test_a_job_that_dies_ends_the_run_failed_and_the_next_one_takes_the_batch(pipeline):
    pipeline.does["build_star_schema"] = dies
    ended = pipeline.run("day-1")
    assert (ended["status"], ended["error"]) == ("FAILED", "BuildStarSchemaFailed")
    ((subject, message),) = pipeline.told
    assert subject.endswith("FAILED in BuildStarSchema")
    assert "cdp-test-build_star_schema" in message
    assert pipeline.ledger.pending_receipts() == [RECEIPT]
    del pipeline.does["build_star_schema"]
    assert pipeline.run("day-1-again")["status"] == "SUCCEEDED"


@pytest.fixture
def other_execution(pipeline):
    """The ARN of an execution that goes on as long as the test."""
    states = boto3.client("stepfunctions")
    wait = {"StartAt": "Wait", "States": {"Wait": {"Type": "Wait", "Seconds": 5, "End": True}}}
    machine = states.create_state_machine(name="other", definition=json.dumps(wait), roleArn=ROLE)
    arn = states.start_execution(stateMachineArn=machine["stateMachineArn"], name="other")["executionArn"]
    yield arn
    states.stop_execution(executionArn=arn)


def test_a_run_beside_another_takes_nothing_and_ends_failed(pipeline, other_execution):
    pipeline.ledger.open_run("other", "2026-03-02T01:00:00Z", other_execution)
    ended = pipeline.run()
    assert (ended["status"], ended["error"]) == ("FAILED", "RunInProgressError")
    assert "other" in ended["cause"]
    assert (pipeline.jobs, pipeline.ledger.running()["run_id"]) == ([], "other")
    assert pipeline.told[0][0].endswith("FAILED in PlanRun")


def test_people_are_told_even_when_fail_run_fails(pipeline):
    pipeline.does["clean_raw"] = dies
    pipeline.functions["cdp-test-fail_run"] = lambda event, context: dies("")
    ended = pipeline.run()
    assert (ended["status"], ended["error"]) == ("FAILED", "FailRunFailed")
    ((subject, message),) = pipeline.told
    assert subject == "CDP: a run FAILED and could not be closed"
    assert ended["executionArn"] in message
