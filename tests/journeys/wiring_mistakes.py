"""Mistakes that a public predecessor of this design made, as changes to what Terraform really made."""

from __future__ import annotations


def on(start: str, change):
    """A plant: `change` the values of resources whose address starts so."""

    def plant(resource):
        if resource.address.startswith(start):
            change(resource.values)
        return resource

    return plant


def replaces(attribute: str, old: str, new: str):
    def change(values):
        assert old in values[attribute], f"{attribute} does not hold {old}"
        values[attribute] = values[attribute].replace(old, new)

    return change


def sets(**attributes):
    return lambda values: values.update(attributes)


MACHINE, ALARM = 'aws_sfn_state_machine.this["daily_pipeline"]', "aws_cloudwatch_metric_alarm.this"
FAILED = '"RunFailed": { "Type": "Fail", "ErrorPath": "$.notice.error", "CausePath": "$.notice.cause" }'
MISTAKES = {
    "a state machine calls a function that does not exist": (
        on(MACHINE, replaces("definition", "cdp-local-plan_run", "cdp-local-plan")),
        "which does not exist",
    ),
    "a state machine starts a job that does not exist": (
        on(MACHINE, replaces("definition", '"cdp-local-clean_raw"', '"cdp-local-clean"')),
        "which does not exist",
    ),
    "the schedule's role may not start the state machine": (
        on("aws_iam_role_policy.schedule", replaces("policy", "states:StartExecution", "states:DescribeExecution")),
        "may not states:StartExecution",
    ),
    "an alarm's dimension matches nothing": (
        on(ALARM, lambda v: v.update(dimensions={k: f"{name}-x" for k, name in v["dimensions"].items()})),
        "which does not exist",
    ),
    "an alarm is green when there is nothing": (
        on(f'{ALARM}["daily_pipeline-missing"]', sets(treat_missing_data="notBreaching")),
        "is green when there is nothing at all",
    ),
    "an alarm tells nobody": (on(ALARM, sets(alarm_actions=[])), "tells nobody"),
    "a failed run reads SUCCEEDED": (
        on(MACHINE, replaces("definition", FAILED, '"RunFailed": { "Type": "Pass", "End": true }')),
        "and not FAILED",
    ),
    "a failure is told to nobody": (
        on(MACHINE, replaces("definition", "arn:aws:states:::sns:publish", "arn:aws:states:::sqs:sendMessage")),
        "reaches no topic",
    ),
    "a run that is stopped by hand is told to nobody": (
        on("aws_cloudwatch_event_rule.run_cut_off", replaces("event_pattern", "ABORTED", "RUNNING")),
        "a run that is ABORTED reaches no topic",
    ),
    "a run that is out of time is told to no topic": (
        on("aws_cloudwatch_event_target.run_cut_off", sets(arn="arn:aws:sns:us-east-1:123456789012:nobody")),
        "a run that is TIMED_OUT reaches no topic",
    ),
    "a job's role has no access to the key": (
        on('aws_iam_role_policy.job["clean_raw"]', replaces("policy", "kms:", "none:")),
        "neither kms:Decrypt",
    ),
    "a job's role has no access to a bucket": (
        on(
            'aws_iam_role_policy.job["clean_raw"]',
            replaces("policy", "arn:aws:s3:::cdp-local-clean/*", "arn:aws:s3:::x"),
        ),
        "on arn:aws:s3:::cdp-local-clean/k",
    ),
    "a state machine names another account": (
        on(MACHINE, replaces("definition", ":123456789012:", ":210987654321:")),
        "names account 210987654321",
    ),
    "a stream's failed batches go to a queue": (
        on(
            "aws_lambda_event_source_mapping",
            sets(destination_config=[{"on_failure": [{"destination_arn": "arn:aws:sqs:us-east-1:123456789012:q"}]}]),
        ),
        "only a bucket gets the records themselves",
    ),
    "a name lacks its environment": (on("aws_sns_topic.this", sets(name="cdp-alert")), "lacks the environment"),
    "EventBridge may not invoke a function": (
        on("aws_lambda_permission", sets(function_name="another")),
        "EventBridge may not invoke",
    ),
}
