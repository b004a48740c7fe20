"""What the laptop's creator asks for and what Terraform made, in one form: kind, name, and what decides behaviour."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

from localcloud.creator import Creator
from localcloud.platform import Platform
from terraform.wiring import Stack

Facts = dict[str, dict[str, Any]]

COMPARED = {
    "aws_cloudwatch_event_rule",
    "aws_cloudwatch_event_target",
    "aws_dynamodb_table",
    "aws_glue_catalog_database",
    "aws_glue_catalog_table",
    "aws_glue_job",
    "aws_kinesis_stream",
    "aws_lambda_event_source_mapping",
    "aws_lambda_function",
    "aws_s3_bucket",
    "aws_s3_bucket_notification",
    "aws_scheduler_schedule",
    "aws_sfn_state_machine",
    "aws_sns_topic",
}
# What is made for an account and not for a laptop's quick start: who may do what, what encrypts, keeps and watches.
ONLY_TERRAFORM = {
    "aws_cloudwatch_dashboard",
    "aws_cloudwatch_log_group",
    "aws_cloudwatch_metric_alarm",
    "aws_glue_security_configuration",
    "aws_iam_role",
    "aws_iam_role_policy",
    "aws_kms_alias",
    "aws_kms_key",
    "aws_lambda_layer_version",
    "aws_lambda_permission",
    "aws_s3_bucket_lifecycle_configuration",
    "aws_s3_bucket_logging",
    "aws_s3_bucket_ownership_controls",
    "aws_s3_bucket_policy",
    "aws_s3_bucket_public_access_block",
    "aws_s3_bucket_server_side_encryption_configuration",
    "aws_s3_bucket_versioning",
    "aws_s3_object",
    "aws_sns_topic_policy",
    "aws_sqs_queue",
    "aws_sqs_queue_policy",
}


def of_creator(platform: Platform, environment: str, shards: int, root: Path) -> Facts:
    """What `localcloud/creator.py` asks the cloud for; nothing answers, so it creates and updates nothing."""
    asked: dict[str, MagicMock] = defaultdict(MagicMock)
    cloud = MagicMock(client=lambda service: asked[service])
    listed = json.loads((root / "terraform/platform.json").read_text())
    creator = Creator(cloud, platform, listed, environment, root)
    creator.storage(shards)
    creator.functions(None)
    creator.jobs()
    creator.state_machines()
    creator.schedules()

    def calls(service: str, operation: str) -> list[Mapping[str, Any]]:
        return [call.kwargs for call in getattr(asked[service], operation).call_args_list]

    return {
        "bucket": {c["Bucket"]: {} for c in calls("s3", "create_bucket")},
        "announcing bucket": {c["Bucket"]: {} for c in calls("s3", "put_bucket_notification_configuration")},
        "database": {c["DatabaseInput"]["Name"]: {} for c in calls("glue", "create_database")},
        "external table": {
            f"{c['DatabaseName']}.{c['TableInput']['Name']}": {
                "location": c["TableInput"]["StorageDescriptor"]["Location"],
                "columns": {f["Name"]: f["Type"] for f in c["TableInput"]["StorageDescriptor"]["Columns"]},
                "partition_keys": [f["Name"] for f in c["TableInput"]["PartitionKeys"]],
            }
            for c in calls("glue", "create_table")
        },
        "stream": {c["StreamName"]: {"shards": c["ShardCount"]} for c in calls("kinesis", "create_stream")},
        "table": {
            c["TableName"]: {"key": [k["AttributeName"] for k in c["KeySchema"]]}
            for c in calls("dynamodb", "create_table")
        },
        "topic": {c["Name"]: {} for c in calls("sns", "create_topic")},
        "function": {
            c["FunctionName"]: {
                "handler": c["Handler"],
                "runtime": c["Runtime"],
                "timeout_s": c["Timeout"],
                "memory_mb": c["MemorySize"],
                "settings": json.loads(c["Environment"]["Variables"]["CDP_SETTINGS"]),
            }
            for c in calls("lambda", "create_function")
        },
        "stream trigger": {
            c["FunctionName"]: {
                "stream": str(platform.stream[_trigger(listed, c["FunctionName"])["stream"]]),
                "batch_size": c["BatchSize"],
                "window_s": c["MaximumBatchingWindowInSeconds"],
                "attempts": c["MaximumRetryAttempts"],
                "is_bisected": c["BisectBatchOnFunctionError"],
                "parallel": c["ParallelizationFactor"],
                "answers": c["FunctionResponseTypes"],
                "on_failure": c["DestinationConfig"]["OnFailure"]["Destination"],
            }
            for c in calls("lambda", "create_event_source_mapping")
        },
        "object trigger": {
            targets["Targets"][0]["Arn"]: json.loads(rule["EventPattern"])
            for rule, targets in zip(calls("events", "put_rule"), calls("events", "put_targets"), strict=True)
        },
        "job": {
            c["Name"]: {
                "kind": c["Command"]["Name"],
                "timeout_min": c["Timeout"],
                "runs": c["ExecutionProperty"]["MaxConcurrentRuns"],
                "settings": json.loads(c["DefaultArguments"]["--settings"]),
            }
            for c in calls("glue", "create_job")
        },
        "state_machine": {
            c["name"]: json.loads(c["definition"]) for c in calls("stepfunctions", "create_state_machine")
        },
        "schedule": {
            c["Name"]: {
                "expression": c["ScheduleExpression"],
                "starts": c["Target"]["Arn"],
                "input": json.loads(c["Target"]["Input"]),
            }
            for c in calls("scheduler", "create_schedule")
        },
    }


def of_terraform(stack: Stack) -> Facts:
    """What Terraform made, from its own account of it."""

    def values(kind: str, address: str = "") -> list[Mapping[str, Any]]:
        return [r.values for r in stack.of(kind) if r.address.startswith(address or kind)]

    patterns = {rule["name"]: json.loads(rule["event_pattern"]) for rule in values("aws_cloudwatch_event_rule")}
    return {
        "bucket": {v["bucket"]: {} for v in values("aws_s3_bucket")},
        "announcing bucket": {v["bucket"]: {} for v in values("aws_s3_bucket_notification")},
        "database": {v["name"]: {} for v in values("aws_glue_catalog_database")},
        "external table": {
            f"{v['database_name']}.{v['name']}": {
                "location": v["storage_descriptor"][0]["location"],
                "columns": {f["name"]: f["type"] for f in v["storage_descriptor"][0]["columns"]},
                "partition_keys": [f["name"] for f in v["partition_keys"]],
            }
            for v in values("aws_glue_catalog_table")
        },
        "stream": {v["name"]: {"shards": v["shard_count"]} for v in values("aws_kinesis_stream")},
        "table": {v["name"]: {"key": [v["hash_key"], v["range_key"]]} for v in values("aws_dynamodb_table")},
        "topic": {v["name"]: {} for v in values("aws_sns_topic")},
        "function": {
            v["function_name"]: {
                "handler": v["handler"],
                "runtime": v["runtime"],
                "timeout_s": v["timeout"],
                "memory_mb": v["memory_size"],
                "settings": json.loads(v["environment"][0]["variables"]["CDP_SETTINGS"]),
            }
            for v in values("aws_lambda_function")
        },
        "stream trigger": {
            v["function_arn"]: {
                "stream": v["event_source_arn"].split("/")[-1],
                "batch_size": v["batch_size"],
                "window_s": v["maximum_batching_window_in_seconds"],
                "attempts": v["maximum_retry_attempts"],
                "is_bisected": v["bisect_batch_on_function_error"],
                "parallel": v["parallelization_factor"],
                "answers": v["function_response_types"],
                "on_failure": v["destination_config"][0]["on_failure"][0]["destination_arn"],
            }
            for v in values("aws_lambda_event_source_mapping")
        },
        "object trigger": {
            v["arn"]: patterns[v["rule"]]
            for v in values("aws_cloudwatch_event_target", "aws_cloudwatch_event_target.object_created")
        },
        "job": {
            v["name"]: {
                "kind": v["command"][0]["name"],
                "timeout_min": v["timeout"],
                "runs": v["execution_property"][0]["max_concurrent_runs"],
                "settings": json.loads(v["default_arguments"]["--settings"]),
            }
            for v in values("aws_glue_job")
        },
        "state_machine": {v["name"]: json.loads(v["definition"]) for v in values("aws_sfn_state_machine")},
        "schedule": {
            v["name"]: {
                "expression": v["schedule_expression"],
                "starts": v["target"][0]["arn"],
                "input": json.loads(v["target"][0]["input"]),
            }
            for v in values("aws_scheduler_schedule")
        },
    }


def _trigger(listed: Mapping[str, Any], arn: str) -> Mapping[str, Any]:
    return next(f["trigger"] for key, f in listed["function"].items() if arn.endswith(f"-{key}"))
