"""Which permissions a call of an AWS API needs: its IAM actions and the resources they are about."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Need = tuple[str, str]  # IAM action, ARN ("" where this file does not know the resource)
Parameters = Mapping[str, Any]

WRITES = {"Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem", "ConditionCheck": "ConditionCheckItem"}
BATCHES = ("BatchWriteItem", "BatchGetItem")


def needs(service: str, operation: str, parameters: Parameters, region: str, account: str) -> list[Need]:
    """What a call needs. `operation` is the API's name (`PutItem`); `service` signs the request (`dynamodb`)."""
    arn = f"arn:aws:{service}:{region}:{account}:"
    return _SERVICES.get(service, _other)(operation, parameters, arn)


def _dynamodb(operation: str, parameters: Parameters, arn: str) -> list[Need]:
    if operation == "TransactWriteItems":
        items = [(WRITES[kind], item) for each in parameters["TransactItems"] for kind, item in each.items()]
        return sorted({(f"dynamodb:{action}", f"{arn}table/{item['TableName']}") for action, item in items})
    if operation in BATCHES:
        return [(f"dynamodb:{operation}", f"{arn}table/{name}") for name in parameters["RequestItems"]]
    table = f"{arn}table/{parameters.get('TableName', '*')}"
    index = f"/index/{parameters['IndexName']}" if "IndexName" in parameters else ""
    return [(f"dynamodb:{operation}", table + index)]


def _glue(operation: str, parameters: Parameters, arn: str) -> list[Need]:
    if "JobName" in parameters:
        return [(f"glue:{operation}", f"{arn}job/{parameters['JobName']}")]
    database = parameters.get("DatabaseName") or parameters.get("Name", "*")
    table = parameters.get("TableInput", {}).get("Name")
    if "DatabaseName" in parameters:
        table = table or parameters.get("Name")
    resources = [f"{arn}catalog", f"{arn}database/{database}"]
    if table or operation == "GetTables":
        resources.append(f"{arn}table/{database}/{table or '*'}")
    return [(f"glue:{operation}", resource) for resource in resources]


def _states(operation: str, parameters: Parameters, _: str) -> list[Need]:
    return [(f"states:{operation}", parameters.get("executionArn") or parameters.get("stateMachineArn", ""))]


def _lambda(operation: str, parameters: Parameters, arn: str) -> list[Need]:
    name = str(parameters.get("FunctionName", "*")).split(":")[-1]
    return [(f"lambda:{'InvokeFunction' if operation == 'Invoke' else operation}", f"{arn}function:{name}")]


def _sns(operation: str, parameters: Parameters, _: str) -> list[Need]:
    return [(f"sns:{operation}", parameters.get("TopicArn", ""))]


def _sqs(operation: str, parameters: Parameters, arn: str) -> list[Need]:
    return [(f"sqs:{operation}", f"{arn}{str(parameters.get('QueueUrl', '*')).split('/')[-1]}")]


def _kinesis(operation: str, parameters: Parameters, arn: str) -> list[Need]:
    return [(f"kinesis:{operation}", parameters.get("StreamARN") or f"{arn}stream/{parameters.get('StreamName', '*')}")]


def _other(operation: str, _: Parameters, arn: str) -> list[Need]:
    return [(f"{arn.split(':')[2]}:{operation}", "")]


_SERVICES: dict[str, Callable[[str, Parameters, str], list[Need]]] = {
    "dynamodb": _dynamodb,
    "glue": _glue,
    "states": _states,
    "lambda": _lambda,
    "sns": _sns,
    "sqs": _sqs,
    "kinesis": _kinesis,
}
