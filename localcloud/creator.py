"""Creates the resources of one platform, kind by kind; what exists already is updated."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from localcloud.platform import ACCOUNT, Cloud, Platform
from localcloud.state_machine import render
from terraform.package import build_platform

EVERYTHING = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}'
PACKAGE_KEY = "platform.zip"
RUNTIME = "python3.11"
POWERTOOLS = {"POWERTOOLS_METRICS_NAMESPACE": "cdp", "POWERTOOLS_LOG_LEVEL": "INFO"}
TRANSFORMING = ("clean_raw", "resolve_identities", "build_golden_records", "build_star_schema")


class Creator:
    """Creates one kind of resource after another; what exists is updated."""

    def __init__(
        self, cloud: Cloud, platform: Platform, listed: Mapping[str, Any], environment: str, root: Path
    ) -> None:
        self._client = cloud.client
        self._platform = platform
        self._listed = listed
        self._environment = environment
        self._root = root
        self._package = b""
        self._role = f"arn:aws:iam::{ACCOUNT}:role/{platform.prefix}-local"

    def storage(self, shards: int) -> None:
        """Buckets, databases, external tables, stream, ledger, topic, and the role that stands for everyone's."""
        with suppress(ClientError):  # it exists
            trust = json.dumps({"Version": "2012-10-17", "Statement": []})
            self._client("iam").create_role(RoleName=self._role.split("/")[1], AssumeRolePolicyDocument=trust)
        self._client("iam").put_role_policy(
            RoleName=self._role.split("/")[1], PolicyName="platform", PolicyDocument=EVERYTHING
        )
        s3, glue, kinesis, dynamodb = (self._client(name) for name in ("s3", "glue", "kinesis", "dynamodb"))
        for key, name in self._platform.bucket.items():
            s3.create_bucket(Bucket=name)
            if self._announces(key):
                announce: dict[str, Any] = {"EventBridgeConfiguration": {}}
                s3.put_bucket_notification_configuration(Bucket=name, NotificationConfiguration=announce)
        for name in self._platform.database.values():
            with suppress(glue.exceptions.AlreadyExistsException):
                glue.create_database(DatabaseInput={"Name": name})
        for key, listed in self._listed.get("external_table", {}).items():
            self._external_table(key, listed)
        for name in self._platform.stream.values():
            with suppress(kinesis.exceptions.ResourceInUseException):
                kinesis.create_stream(StreamName=name, ShardCount=shards)
        for key, name in self._platform.table.items():
            fields = [self._listed["table"][key][part] for part in ("partition_key", "sort_key")]
            with suppress(dynamodb.exceptions.ResourceInUseException):
                dynamodb.create_table(
                    TableName=name,
                    KeySchema=[
                        {"AttributeName": field, "KeyType": kind}
                        for field, kind in zip(fields, ("HASH", "RANGE"), strict=True)
                    ],
                    AttributeDefinitions=[{"AttributeName": field, "AttributeType": "S"} for field in fields],
                    BillingMode="PAY_PER_REQUEST",
                )
        for arn in self._platform.topic.values():
            self._client("sns").create_topic(Name=arn.split(":")[-1])

    def package(self) -> None:
        """The one artefact and the job scripts, in the artefact bucket."""
        s3, bucket = self._client("s3"), self._platform.bucket["artefact"]
        zipped = io.BytesIO()
        build_platform(zipped, self._root)
        self._package = zipped.getvalue()
        s3.put_object(Bucket=bucket, Key=PACKAGE_KEY, Body=self._package)
        for key in self._platform.job:
            script = (self._root / "glue_jobs" / f"{key}.py").read_bytes()
            s3.put_object(Bucket=bucket, Key=f"glue_jobs/{key}.py", Body=script)

    def functions(self, batching_window_s: int | None) -> None:
        """Functions and what invokes them."""
        for key, arn in self._platform.function.items():
            listed = self._listed["function"][key]
            self._function(arn.split(":")[-1], key, listed)
            trigger = listed.get("trigger", {})
            if "stream" in trigger:
                self._poll_stream(arn, trigger, batching_window_s)
            if "object_created" in trigger:
                self._on_object_created(arn, trigger["object_created"])

    def jobs(self) -> None:
        """Glue jobs."""
        glue, artefacts = self._client("glue"), self._platform.bucket["artefact"]
        for key, name in self._platform.job.items():
            listed = self._listed["job"][key]
            engine = self._platform.engine if key in TRANSFORMING else "duckdb"
            glue.delete_job(JobName=name)  # moto has no UpdateJob; a job that is not there is no error
            glue.create_job(
                Name=name,
                Description=listed["description"],
                Role=self._role,
                Command={"Name": "glueetl", "ScriptLocation": f"s3://{artefacts}/glue_jobs/{key}.py"},
                DefaultArguments={
                    "--extra-py-files": f"s3://{artefacts}/{PACKAGE_KEY}",
                    "--settings": self._settings(listed, engine),
                },
                Timeout=listed["timeout_min"],
                ExecutionProperty={"MaxConcurrentRuns": 1},
            )

    def state_machines(self) -> None:
        """State machines, rendered as Terraform's templatefile does."""
        states = self._client("stepfunctions")
        names = dict(self._platform.function) | dict(self._platform.job)
        for kind in ("topic", "table", "bucket", "stream", "database"):
            names |= {f"{kind}_{key}": name for key, name in getattr(self._platform, kind).items()}
        for key, arn in self._platform.state_machine.items():
            file = self._root / "step_functions" / f"{key}.asl.json.tftpl"
            definition = render(file.read_text(), names, file.name)
            try:
                states.create_state_machine(name=arn.split(":")[-1], definition=definition, roleArn=self._role)
            except states.exceptions.StateMachineAlreadyExists:
                states.update_state_machine(stateMachineArn=arn, definition=definition)

    def schedules(self) -> None:
        """Schedules; a state machine gets the scheduled time and the schedule's key as input."""
        scheduler = self._client("scheduler")
        for key, name in self._platform.schedule.items():
            listed = self._listed["schedule"][key]
            sent = {"run_at": "<aws.scheduler.scheduled-time>", "schedule": key}
            target = self._platform.state_machine[listed["starts"]]
            schedule = {
                "Name": name,
                "ScheduleExpression": listed["expression"],
                "FlexibleTimeWindow": {"Mode": "OFF"},
                "Target": {"Arn": target, "RoleArn": self._role, "Input": json.dumps(sent)},
            }
            try:
                scheduler.create_schedule(**schedule)
            except scheduler.exceptions.ConflictException:
                scheduler.update_schedule(**schedule)

    def _external_table(self, name: str, listed: Mapping[str, Any]) -> None:
        """A table over objects as they lie, in a database of its bucket's name; who reads it needs the bucket."""
        glue, bucket = self._client("glue"), listed["bucket"]
        database = f"{self._platform.prefix}-{bucket}".replace("-", "_")
        columns = [{"Name": column, "Type": kind} for column, kind in listed["columns"].items()]
        location = f"s3://{self._platform.bucket[bucket]}/{listed['folder']}/"
        table = {
            "Name": name,
            "Description": listed["description"],
            "TableType": "EXTERNAL_TABLE",
            "PartitionKeys": [{"Name": column, "Type": "string"} for column in listed["partition_keys"]],
            "StorageDescriptor": {"Columns": columns, "Location": location},
        }
        with suppress(glue.exceptions.AlreadyExistsException):
            glue.create_database(DatabaseInput={"Name": database})
        try:
            glue.create_table(DatabaseName=database, TableInput=table)
        except glue.exceptions.AlreadyExistsException:
            glue.update_table(DatabaseName=database, TableInput=table)

    def _function(self, name: str, key: str, listed: Mapping[str, Any]) -> None:
        functions = self._client("lambda")
        configuration = {
            "FunctionName": name,
            "Description": listed["description"],
            "Runtime": RUNTIME,
            "Role": self._role,
            "Handler": f"lambdas.{key}.handler",
            "Timeout": listed["timeout_s"],
            "MemorySize": listed["memory_mb"],
            "Environment": {"Variables": {"CDP_SETTINGS": self._settings(listed)} | POWERTOOLS},
        }
        try:
            functions.create_function(**configuration, Code={"ZipFile": self._package})
        except functions.exceptions.ResourceConflictException:
            functions.update_function_code(FunctionName=name, ZipFile=self._package)
            functions.update_function_configuration(**configuration)

    def _poll_stream(self, arn: str, trigger: Mapping[str, Any], batching_window_s: int | None) -> None:
        functions = self._client("lambda")
        stream = self._platform.stream[trigger["stream"]]
        window_s = trigger["batching_window_s"] if batching_window_s is None else batching_window_s
        settings = {
            "FunctionName": arn,
            "BatchSize": trigger["batch_size"],
            "MaximumBatchingWindowInSeconds": window_s,
            "MaximumRetryAttempts": trigger["maximum_retry_attempts"],
            "BisectBatchOnFunctionError": trigger["bisect_batch_on_function_error"],
            "ParallelizationFactor": trigger["parallelization_factor"],
            "FunctionResponseTypes": ["ReportBatchItemFailures"],
        }
        if bucket := trigger.get("on_failure", "").partition("/")[2]:
            destination = f"arn:aws:s3:::{self._platform.bucket[bucket]}"
            settings["DestinationConfig"] = {"OnFailure": {"Destination": destination}}
        source = self._client("kinesis").describe_stream_summary(StreamName=stream)
        source_arn = source["StreamDescriptionSummary"]["StreamARN"]
        for mapping in functions.list_event_source_mappings(EventSourceArn=source_arn)["EventSourceMappings"]:
            if mapping["FunctionArn"] == arn:
                functions.update_event_source_mapping(UUID=mapping["UUID"], **settings)
                return
        functions.create_event_source_mapping(EventSourceArn=source_arn, StartingPosition="TRIM_HORIZON", **settings)

    def _on_object_created(self, arn: str, trigger: Mapping[str, Any]) -> None:
        events, name = self._client("events"), arn.split(":")[-1]
        pattern = {
            "source": ["aws.s3"],
            "detail-type": ["Object Created"],
            "detail": {
                "bucket": {"name": [self._platform.bucket[trigger["bucket"]]]},
                "object": {"key": [{"prefix": trigger["prefix"]}]},
            },
        }
        events.put_rule(Name=name, EventPattern=json.dumps(pattern))
        events.put_targets(Rule=name, Targets=[{"Id": "function", "Arn": arn}])

    def _announces(self, bucket: str) -> bool:
        """Whether some function is told about objects of a bucket."""
        triggers = (function.get("trigger", {}) for function in self._listed["function"].values())
        return any(trigger.get("object_created", {}).get("bucket") == bucket for trigger in triggers)

    def _settings(self, listed: Mapping[str, Any], engine: str = "duckdb") -> str:
        return self._platform.settings(self._environment, [*listed["reads"], *listed["writes"]], engine)
