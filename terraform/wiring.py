"""Whether what Terraform made fits together: names meet resources, calls permissions, failures an end.

    make local-apply check-wiring

Looks at the resources themselves (`terraform show -json`), so that ARNs are real ones. Each check returns findings,
sentences that name the resource and what is wrong with it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from localcloud.api_calls import needs
from localcloud.policy import decide, statements

STATES = re.compile(r"arn:aws:states:::(\w+):(\w+)(\.sync)?$")
SERVICES = {"stepfunctions": "states"}
DIMENSIONS = {
    "FunctionName": ("aws_lambda_function", "function_name"),
    "StreamName": ("aws_kinesis_stream", "name"),
    "QueueName": ("aws_sqs_queue", "name"),
    "TableName": ("aws_dynamodb_table", "name"),
    "StateMachineArn": ("aws_sfn_state_machine", "arn"),
    "JobName": ("aws_glue_job", "name"),
    "Workgroup": ("aws_redshiftserverless_workgroup", "workgroup_name"),
    "ClusterIdentifier": ("aws_redshift_cluster", "cluster_identifier"),
    "RuleName": ("aws_cloudwatch_event_rule", "name"),
}
COUNTS = ("service", "dataset", "gate", "stage")  # dimensions that our own code fills in
TOO_LITTLE = ("LessThanThreshold", "LessThanOrEqualToThreshold")
NAMES = ("bucket", "function_name", "alarm_name", "dashboard_name", "layer_name", "name")
# Named within what they belong to.
UNNAMED = ("aws_iam_role_policy", "aws_sfn_alias", "aws_kms_alias", "aws_glue_catalog_table")


@dataclass(frozen=True)
class Resource:
    """A resource as Terraform shows it: `address` without module, `values` its attributes."""

    kind: str
    address: str
    values: Mapping[str, Any]


class Stack:
    """All resources of a root, by kind."""

    def __init__(self, shown: Mapping[str, Any]) -> None:
        """`shown` is the answer of `terraform show -json`."""
        self.resources = list(_resources(shown["values"]["root_module"]))

    def of(self, kind: str) -> list[Resource]:
        """The resources of one kind, e.g. `aws_lambda_function`."""
        return [resource for resource in self.resources if resource.kind == kind]

    def values(self, kind: str, attribute: str) -> set[str]:
        """The attribute's values over all resources of a kind."""
        return {str(resource.values.get(attribute)) for resource in self.of(kind)}

    def allows(self, role_arn: str, action: str, resource: str) -> bool:
        """Whether the policies of a role let it do this; conditions that name a context are taken as not met."""
        policies = [p.values["policy"] for p in self.of("aws_iam_role_policy") if p.values["role"] == _name(role_arn)]
        return decide((s for policy in policies for s in statements(policy)), action, resource, {}) == "Allow"


def findings(stack: Stack, environment: str) -> list[str]:
    """Everything that does not fit, sorted; an empty list is what a good stack has."""
    checks = (
        calls_of_state_machines,
        ends_of_state_machines,
        roles_of_workloads,
        starts_of_schedules,
        targets_of_rules,
        runs_cut_off,
        failures_of_streams,
        alarms,
    )
    found = [finding for check in checks for finding in check(stack)]
    return sorted([*found, *names_without(stack, environment)])


def calls_of_state_machines(stack: Stack) -> Iterator[str]:
    """What a state calls exists, in this account, and the machine's role may call it."""
    exists = {
        "lambda": stack.values("aws_lambda_function", "arn"),
        "glue": {arn for job in stack.of("aws_glue_job") if (arn := job.values["arn"])},
        "dynamodb": stack.values("aws_dynamodb_table", "arn"),
        "sns": stack.values("aws_sns_topic", "arn"),
    }
    for machine in stack.of("aws_sfn_state_machine"):
        region, account = machine.values["arn"].split(":")[3:5]
        for number in set(re.findall(r"(?<!\d)\d{12}(?!\d)", machine.values["definition"])) - {account}:
            yield f"{machine.address}: its definition names account {number}, and runs in {account}"
        for name, state in _states(machine):
            match = STATES.match(state.get("Resource", ""))
            if match is None:
                if state["Type"] == "Task" and state["Resource"] not in exists["lambda"]:
                    yield f"{machine.address}: state {name} calls {state['Resource']}, which does not exist"
                continue
            service, operation = match[1], match[2][0].upper() + match[2][1:]
            for action, resource in needs(service, operation, state.get("Parameters", {}), region, account):
                if service in exists and resource not in exists[service]:
                    yield f"{machine.address}: state {name} calls {resource}, which does not exist"
                elif not stack.allows(machine.values["role_arn"], action, resource):
                    yield f"{machine.address}: its role may not {action} on {resource}, which state {name} does"


def ends_of_state_machines(stack: Stack) -> Iterator[str]:
    """Whatever fails is told to a topic and then ends in a Fail state."""
    for machine in stack.of("aws_sfn_state_machine"):
        states = dict(_states(machine))
        for name, state in states.items():
            if (
                state["Type"] in ("Task", "Parallel", "Map")
                and not state.get("Catch")
                and not _is_failure(name, states)
            ):
                yield f"{machine.address}: nothing catches a failure of state {name}, so that nobody is told"
            for catch in state.get("Catch", []):
                ends, is_told = _follow(catch["Next"], states)
                if ends != {"Fail"}:
                    yield f"{machine.address}: a failure of {name} ends as {'/'.join(sorted(ends))} and not FAILED"
                if not is_told and not _is_failure(name, states):
                    yield f"{machine.address}: a failure of {name} reaches no topic"


def roles_of_workloads(stack: Stack) -> Iterator[str]:
    """A function or job may use what its settings name, the key that encrypts it and, for a job, its own code."""
    keys = sorted(stack.values("aws_kms_key", "arn"))
    for kind, role, settings in (("aws_lambda_function", "role", "function"), ("aws_glue_job", "role_arn", "job")):
        for workload in stack.of(kind):
            values, arn = workload.values, workload.values[role]
            text = _settings(values, settings)
            wanted = [("s3:GetObject", "s3:PutObject", f"arn:aws:s3:::{b}/k") for b in text.get("bucket", {}).values()]
            tables = stack.of("aws_dynamodb_table")
            wanted += [
                ("dynamodb:GetItem", "dynamodb:PutItem", t.values["arn"])
                for t in tables
                if t.values["name"] in text.get("table", {}).values()
            ]
            wanted += [("kms:Decrypt", "kms:GenerateDataKey", key) for key in keys]
            if kind == "aws_glue_job":
                script = values["command"][0]["script_location"].removeprefix("s3://")
                wanted.append(("s3:GetObject", "s3:GetObject", f"arn:aws:s3:::{script}"))
            for reading, writing, resource in wanted:
                if not stack.allows(arn, reading, resource) and not stack.allows(arn, writing, resource):
                    yield f"{workload.address}: its role may neither {reading} nor {writing} on {resource}"


def starts_of_schedules(stack: Stack) -> Iterator[str]:
    """A schedule starts something that exists, with a role that may."""
    for schedule in stack.of("aws_scheduler_schedule"):
        target = schedule.values["target"][0]
        if target["arn"] not in stack.values("aws_sfn_state_machine", "arn"):
            yield f"{schedule.address}: starts {target['arn']}, which does not exist"
        elif not stack.allows(target["role_arn"], "states:StartExecution", target["arn"]):
            yield f"{schedule.address}: its role may not states:StartExecution on {target['arn']}"


def targets_of_rules(stack: Stack) -> Iterator[str]:
    """EventBridge may reach what a rule sends to."""
    invocable = {p.values["function_name"] for p in stack.of("aws_lambda_permission")}
    told = {p.values["arn"] for p in stack.of("aws_sns_topic_policy") if "events.amazonaws.com" in p.values["policy"]}
    for target in stack.of("aws_cloudwatch_event_target"):
        arn = target.values["arn"]
        if ":lambda:" in arn and _name(arn) not in invocable:
            yield f"{target.address}: EventBridge may not invoke {arn}"
        if ":sns:" in arn and arn not in told:
            yield f"{target.address}: EventBridge may not publish to {arn}"
        if ":states:" in arn and not stack.allows(target.values["role_arn"] or "", "states:StartExecution", arn):
            yield f"{target.address}: its role may not states:StartExecution on {arn}"


def runs_cut_off(stack: Stack) -> Iterator[str]:
    """A run that is aborted or out of time cannot tell anybody itself, so a rule that sends to a topic watches it."""
    topics = stack.values("aws_sns_topic", "arn")
    sending = {t.values["rule"] for t in stack.of("aws_cloudwatch_event_target") if t.values["arn"] in topics}
    watched = set()
    for rule in stack.of("aws_cloudwatch_event_rule"):
        detail = json.loads(rule.values["event_pattern"]).get("detail", {})
        if rule.values["name"] in sending:
            watched |= {(arn, end) for arn in detail.get("stateMachineArn", []) for end in detail.get("status", [])}
    for machine in stack.of("aws_sfn_state_machine"):
        for end in ("ABORTED", "TIMED_OUT"):
            if (machine.values["arn"], end) not in watched:
                yield f"{machine.address}: a run that is {end} reaches no topic"


def failures_of_streams(stack: Stack) -> Iterator[str]:
    """A batch that could not be taken is kept whole, which only S3 does."""
    buckets = stack.values("aws_s3_bucket", "arn")
    for mapping in stack.of("aws_lambda_event_source_mapping"):
        if ":kinesis:" not in mapping.values["event_source_arn"]:
            continue
        configured = mapping.values.get("destination_config") or []
        destination = configured[0]["on_failure"][0]["destination_arn"] if configured else "nowhere"
        if destination not in buckets:
            yield f"{mapping.address}: failed batches go to {destination}; only a bucket gets the records themselves"


def alarms(stack: Stack) -> Iterator[str]:
    """An alarm looks at something that exists, tells somebody, and does not take silence for health."""
    for alarm in stack.of("aws_cloudwatch_metric_alarm"):
        values = alarm.values
        for dimension, value in _dimensions(values):
            kind, attribute = DIMENSIONS.get(dimension, ("", ""))
            if dimension not in COUNTS and value not in stack.values(kind, attribute):
                yield f"{alarm.address}: looks at {dimension} {value}, which does not exist"
        if not values.get("alarm_actions") or set(values["alarm_actions"]) - stack.values("aws_sns_topic", "arn"):
            yield f"{alarm.address}: tells nobody"
        if values["comparison_operator"] in TOO_LITTLE and values["treat_missing_data"] != "breaching":
            yield f"{alarm.address}: watches for too little, and is green when there is nothing at all"
        if values["treat_missing_data"] in ("missing", "ignore", None):
            yield f"{alarm.address}: does not say what no data means"


def names_without(stack: Stack, environment: str) -> Iterator[str]:
    """Every name carries its environment, so that two environments share an account."""
    part = re.compile(rf"(^|[-_/]){re.escape(environment)}([-_/]|$)")
    for resource in stack.resources:
        name = next((resource.values[a] for a in NAMES if isinstance(resource.values.get(a), str)), None)
        if name and resource.kind not in UNNAMED and not part.search(name):
            yield f"{resource.address}: its name {name} lacks the environment {environment}"


def _resources(module: Mapping[str, Any]) -> Iterator[Resource]:
    for found in module.get("resources", []):
        if found["mode"] == "managed":
            address = found["address"].split("module.platform.")[-1]
            yield Resource(found["type"], address, found["values"])
    for child in module.get("child_modules", []):
        yield from _resources(child)


def _states(machine: Resource) -> list[tuple[str, Mapping[str, Any]]]:
    return list(json.loads(machine.values["definition"])["States"].items())


def _follow(name: str, states: Mapping[str, Any]) -> tuple[set[str], bool]:
    """Types of the states in which a way from `name` ends, and whether each way passes a publication."""
    ends, is_told, seen, ways = set(), True, set(), [(name, False)]
    while ways:
        name, told = ways.pop()
        state = states[name]
        told = told or state.get("Resource", "").endswith(":sns:publish")
        if state["Type"] in ("Fail", "Succeed") or state.get("End"):
            ends.add(state["Type"])
            is_told = is_told and told
        elif (name, told) not in seen:
            seen.add((name, told))
            following = [state.get("Next"), state.get("Default"), *(c["Next"] for c in state.get("Choices", []))]
            ways += [(after, told) for after in following if after]
    return ends, is_told


def _is_failure(name: str, states: Mapping[str, Any]) -> bool:
    """Whether a state is on the way of a failure already: nothing but Fail is ahead."""
    return _follow(name, states)[0] == {"Fail"}


def _settings(values: Mapping[str, Any], kind: str) -> dict[str, Any]:
    if kind == "job":
        return dict(json.loads(values["default_arguments"]["--settings"]))
    environment = values.get("environment") or [{"variables": {}}]
    return dict(json.loads(environment[0]["variables"].get("CDP_SETTINGS", "{}")))


def _dimensions(alarm: Mapping[str, Any]) -> list[tuple[str, str]]:
    metrics = [query["metric"][0] for query in alarm.get("metric_query") or [] if query.get("metric")]
    return [pair for each in [alarm, *metrics] for pair in (each.get("dimensions") or {}).items()]


def _name(arn: str) -> str:
    return re.split(r"[:/]", arn)[-1]
