"""Step Functions executions, as far as a run needs to know of them."""

from __future__ import annotations

from typing import Any

import boto3
from botocore.exceptions import ClientError


def is_running(execution_arn: str) -> bool:
    """Whether an execution still goes on; one that Step Functions no longer knows does not."""
    try:
        answer = boto3.client("stepfunctions").describe_execution(executionArn=execution_arn)
    except ClientError as error:
        if error.response["Error"]["Code"] == "ExecutionDoesNotExist":
            return False
        raise
    return bool(answer["status"] in ("RUNNING", "PENDING_REDRIVE"))


def history(execution_arn: str) -> list[dict[str, Any]]:
    """The events of an execution in order; none of one that Step Functions no longer knows."""
    pages = boto3.client("stepfunctions").get_paginator("get_execution_history")
    try:
        return [event for page in pages.paginate(executionArn=execution_arn) for event in page["events"]]
    except ClientError as error:
        if error.response["Error"]["Code"] == "ExecutionDoesNotExist":
            return []
        raise
