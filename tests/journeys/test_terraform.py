"""Terraform's real provider applies the platform to a cloud on this machine; it runs there, each role on its own."""

from __future__ import annotations

import copy
import json
import re
import shutil
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
from rich.console import Console

from localcloud.control import ControlError
from localcloud.day import ARRIVAL, SCHEDULED, Stage
from localcloud.local_stack import LocalStack
from localcloud.terraform import Change, Terraform, TerraformError
from terraform import wiring
from tests.journeys import one_statement_less, two_ways
from tests.journeys.conftest import WORLD, Story
from tests.journeys.least_privilege import needless, unused_actions
from tests.journeys.test_failures import SALE_AHEAD
from tests.journeys.wiring_mistakes import MISTAKES

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("cdp", "data_quality", "glue_jobs", "lambdas", "sql", "step_functions", "terraform")
MODULE = "terraform/modules/platform"


class Applied(Story):
    """A story on what Terraform made from a checkout of its own, which a test may change."""

    def __init__(self, stage: Stage, local: LocalStack, terraform: Terraform, checkout: Path, seconds: float) -> None:
        super().__init__(stage)
        self.local = local
        self.terraform = terraform
        self.seconds = seconds
        self._checkout = checkout

    def edit(self, file: str, pattern: str, replacement: str) -> None:
        """Change the first match of a file of the checkout."""
        path = self._checkout / file
        text, count = re.subn(pattern, replacement, path.read_text(), count=1, flags=re.DOTALL)
        assert count == 1, f"{file} has nothing like {pattern}"
        path.write_text(text)

    def restore(self) -> None:
        """Undo every edit."""
        for folder in FOLDERS:
            shutil.copytree(ROOT / folder, self._checkout / folder, dirs_exist_ok=True, ignore=IGNORED)


IGNORED = shutil.ignore_patterns("__pycache__", ".terraform*")


@pytest.fixture(scope="module")
def applied(tmp_path_factory):
    """What `make local-apply` leaves."""
    if shutil.which("terraform") is None:
        pytest.skip("terraform is not installed; install Terraform 1.11 or newer")
    work_dir, checkout = tmp_path_factory.mktemp("applied") / "local", tmp_path_factory.mktemp("checkout")
    for folder in FOLDERS:
        shutil.copytree(ROOT / folder, checkout / folder, ignore=IGNORED)
    local = LocalStack(work_dir, Console(quiet=True), checkout)
    try:
        try:
            terraform = local.start()
        except TerraformError as error:
            pytest.skip(f"the AWS provider cannot be had, so nothing was applied; set TF_PLUGIN_MIRROR: {error}")
        began = time.monotonic()
        local.apply()
        seconds = time.monotonic() - began
        with pytest.MonkeyPatch.context() as environment:
            stage = local.stage()
            for name, value in stage.cloud.environment().items():
                environment.setenv(name, value)
            yield Applied(stage, local, terraform, checkout, seconds)
    finally:
        local.stop()


@pytest.fixture(scope="module")
def stack(applied):
    return wiring.Stack(applied.terraform.show())


def test_everything_is_applied_within_three_minutes(applied):
    assert len(applied.terraform.resources()) > 150
    assert applied.seconds < 180


def test_a_second_plan_is_empty(applied):
    assert applied.terraform.plan() == []


def test_a_day_of_data_runs_through_what_terraform_made(applied):
    applied.local.day(WORLD)
    assert min(applied.row_counts()[table] for table in ("clean.transaction", "curated.fact_sales")) > 0


def test_a_job_misses_every_statement_of_its_policy(applied):
    applied.day_arrives(2)
    trials = one_statement_less.Trials(applied)
    one_statement_less.jobs(trials, applied)
    assert trials.survivors == []
    assert trials.tried > 50


def test_a_change_plans_exactly_that_change(applied):
    applied.edit("terraform/platform.json", r'("plan_run": \{.*?"memory_mb": )\d+', r"\g<1>640")
    applied.edit("terraform/platform.json", r'("clean_raw": \{.*?"reads": \[)', r'\1"bucket/identity", ')
    applied.edit(f"{MODULE}/alarm.tf", r'("\$\{key\}-iterator_age" => \{.*?periods = )\d', r"\g<1>5")
    planned = set(applied.terraform.plan())
    applied.restore()
    assert planned == {
        Change(address("aws_lambda_function.this", "plan_run"), ("update",), ("memory_size",)),
        Change(address("aws_glue_job.this", "clean_raw"), ("update",), ("default_arguments",)),
        Change(address("aws_iam_role_policy.job", "clean_raw"), ("update",), ("policy",)),
        Change(
            address("aws_cloudwatch_metric_alarm.this", "ingest_stream-iterator_age"),
            ("update",),
            ("evaluation_periods",),
        ),
    }


def test_what_is_rejected_is_told_and_released_under_the_roles_of_those_who_do_it(applied):
    applied.alerts()
    applied.cloud.client("kinesis").put_record(
        StreamName=applied.platform.stream["event"], Data=b"not json", PartitionKey="a"
    )
    applied.file_arrives("store/transaction.v1/broken.csv", SALE_AHEAD.replace(",1,sale,", ",one,sale,"))
    applied.file_arrives("store/transaction.v1/future.csv", SALE_AHEAD.replace("T-1,", "T-2,"))
    applied.set_clock(8, ARRIVAL)
    applied.file_arrives("store/transaction.v1/ahead.csv", SALE_AHEAD)
    applied.set_clock(2, SCHEDULED)
    run = applied.run()
    assert (run["status"], run["error"]) == ("FAILED", "GateRejected")
    (alert,) = [alert for alert in applied.alerts() if "FAILED" in alert["Subject"]]
    run_id = next(iter(re.findall(r'"run_id": "([^"]+)"', alert["Message"])))
    assert applied.ledger.held_receipts() != []
    failed = {"run": {"run_id": run_id}, "failed": {"CheckClean": {"Error": "GateRejected", "Cause": "told before"}}}
    trials = one_statement_less.Trials(applied)
    trials.take_each("function-fail_run", lambda: trials.function("fail_run", {"execution": {}, "state": failed}))
    trials.take_each("function-release_batches", lambda: trials.function("release_batches", {"run_id": run_id}))
    assert trials.survivors == []
    assert trials.tried > 5
    assert applied.ledger.held_receipts() == []


def test_no_statement_of_a_policy_is_needless(applied, stack):
    assert needless(stack, applied.cloud.control.uses()) == []


def test_no_action_is_granted_that_nobody_does(applied, stack):
    assert unused_actions(stack, applied.cloud.control.uses()) == []


@pytest.mark.parametrize(
    ("role", "action", "resource"),
    [
        ("state_machine-daily_pipeline", "lambda:InvokeFunction", ""),
        ("state_machine-daily_pipeline", "glue:StartJobRun", ""),
    ],
)
def test_without_a_statement_the_run_fails_and_names_the_action(applied, role, action, resource):
    with without_statement(applied.cloud.client("iam"), f"cdp-local-{role}", action, resource):
        run = applied.run()
    assert run["status"] == "FAILED"
    history = applied.cloud.client("stepfunctions").get_execution_history(executionArn=run["executionArn"])["events"]
    told = json.dumps([run.get("cause"), applied.alerts(), history], default=str)
    assert f"cdp-local-{role} is not authorized to perform: " in told
    assert action.split(":")[0] in told


def test_a_function_misses_every_statement_of_its_policy(applied):
    trials = one_statement_less.Trials(applied)
    one_statement_less.intake(trials, applied)
    one_statement_less.steps(trials, applied)
    assert trials.survivors == []
    assert trials.tried > 20


def test_a_run_that_is_aborted_by_hand_is_told(applied):
    applied.alerts()
    execution, states = applied.schedule_fires(), applied.cloud.client("stepfunctions")
    while not states.get_execution_history(executionArn=execution)["events"]:
        time.sleep(0.05)  # moto cannot stop what has not begun
    states.stop_execution(executionArn=execution)
    assert applied.run_ends(execution)["status"] == "ABORTED"
    told = [alert["Message"] for alert in applied.alerts()]
    assert [f"is ABORTED; nothing of it is published: {execution}" in message for message in told] == [True]


def test_a_schedule_that_may_not_start_its_state_machine_says_so(applied):
    with (
        without_statement(applied.cloud.client("iam"), "cdp-local-schedule", "states:StartExecution", ""),
        pytest.raises(ControlError, match="cdp-local-schedule is not authorized to perform: states:StartExecution"),
    ):
        applied.schedule_fires()


def test_terraform_makes_what_the_creator_of_the_local_platform_makes(applied, stack):
    """Both read platform.json: a name, a setting, a trigger or a definition that only one of them has is a fault."""
    shards = json.loads((ROOT / "terraform/environments/local/settings.json").read_text())["shard_count"]
    asked, made = two_ways.of_creator(applied.platform, "local", shards, ROOT), two_ways.of_terraform(stack)
    for kind, named in asked.items():
        assert named, f"the creator asks for no {kind}"
        assert made[kind] == named, kind
    assert {resource.kind for resource in stack.resources} == two_ways.COMPARED | two_ways.ONLY_TERRAFORM


def test_what_was_made_fits_together(stack):
    assert wiring.findings(stack, "local") == []


def test_the_check_of_the_wiring_finds_every_mistake_that_is_planted(stack):
    """Mistakes that a public predecessor of this design made, each planted in what was really made."""
    missed = []
    for mistake, (plant, expected) in MISTAKES.items():
        planted = wiring.Stack({"values": {"root_module": {}}})
        planted.resources = [plant(copy.deepcopy(resource)) for resource in stack.resources]
        if not any(expected in finding for finding in wiring.findings(planted, "local")):
            missed.append(mistake)
    assert missed == []


def test_destroying_leaves_nothing(applied):
    applied.terraform.destroy()
    assert applied.terraform.resources() == []
    left = resources_of(applied.cloud)
    assert {kind: names for kind, names in left.items() if names} == {}
    applied.local.destroy()
    with pytest.raises(TerraformError, match="make local-apply"):
        applied.local.plan()


@contextmanager
def without_statement(iam, role, action, resource):
    """The role's policy without the one statement that allows the action on a resource that contains `resource`."""
    policy = iam.get_role_policy(RoleName=role, PolicyName="platform")["PolicyDocument"]
    kept = [s for s in policy["Statement"] if action not in s["Action"] or resource not in " ".join(s["Resource"])]
    assert len(kept) == len(policy["Statement"]) - 1
    put = {"RoleName": role, "PolicyName": "platform"}
    iam.put_role_policy(**put, PolicyDocument=json.dumps(policy | {"Statement": kept}))
    try:
        yield
    finally:
        iam.put_role_policy(**put, PolicyDocument=json.dumps(policy))


def address(resource: str, key: str) -> str:
    return f'module.platform.{resource}["{key}"]'


def resources_of(cloud) -> dict[str, list[str]]:
    """Names of what is in the cloud, but for what the story itself and AWS put there."""
    found = {kind: cloud.client(service) for kind, (service, *_) in LISTINGS.items()}
    names = {}
    for kind, (_, call, key, name) in LISTINGS.items():
        listed = getattr(found[kind], call)()[key]
        names[kind] = [str(item[name] if name else item) for item in listed]
    names["queue"] = [url for url in names["queue"] if not url.endswith("/alerts")]
    names["log_group"] = [group for group in names["log_group"] if not group.startswith("/aws-glue/")]  # Glue makes it
    keys = [cloud.client("kms").describe_key(KeyId=key)["KeyMetadata"] for key in names["key"]]
    ours = [key for key in keys if key["KeyManager"] == "CUSTOMER" and key["KeyState"] != "PendingDeletion"]
    # moto makes a service's own key, "Default key", when it is first asked for, and calls it a customer's.
    names["key"] = [f"{key['KeyId']} {key['Description']}" for key in ours if key["Description"] != "Default key"]
    names["alias"] = [alias for alias in names["alias"] if not alias.startswith("alias/aws/")]
    return names


# What each service lists: client, call, key of the answer, field of the name.
LISTINGS = {
    "bucket": ("s3", "list_buckets", "Buckets", "Name"),
    "stream": ("kinesis", "list_streams", "StreamNames", ""),
    "function": ("lambda", "list_functions", "Functions", "FunctionName"),
    "layer": ("lambda", "list_layers", "Layers", "LayerName"),
    "mapping": ("lambda", "list_event_source_mappings", "EventSourceMappings", "UUID"),
    "job": ("glue", "list_jobs", "JobNames", ""),
    "database": ("glue", "get_databases", "DatabaseList", "Name"),
    "security_configuration": ("glue", "get_security_configurations", "SecurityConfigurations", "Name"),
    "state_machine": ("stepfunctions", "list_state_machines", "stateMachines", "name"),
    "schedule": ("scheduler", "list_schedules", "Schedules", "Name"),
    "rule": ("events", "list_rules", "Rules", "Name"),
    "topic": ("sns", "list_topics", "Topics", "TopicArn"),
    "queue": ("sqs", "list_queues", "QueueUrls", ""),
    "table": ("dynamodb", "list_tables", "TableNames", ""),
    "role": ("iam", "list_roles", "Roles", "RoleName"),
    "policy": ("iam", "list_policies", "Policies", "PolicyName"),
    "key": ("kms", "list_keys", "Keys", "KeyId"),
    "alias": ("kms", "list_aliases", "Aliases", "AliasName"),
    "log_group": ("logs", "describe_log_groups", "logGroups", "logGroupName"),
    "alarm": ("cloudwatch", "describe_alarms", "MetricAlarms", "AlarmName"),
    "dashboard": ("cloudwatch", "list_dashboards", "DashboardEntries", "DashboardName"),
}
