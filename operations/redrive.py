"""What a function could not take is given to it again: on-failure objects of the stream, and dead letters.

An object or letter leaves only when the function has taken all of it; the function's own receipts make a repeated
redrive a repeated delivery.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import boto3

from cdp.aws import objects
from operations.deployed import Deployed, OperationError, arguments

ON_FAILURE_PREFIX = "aws/lambda/"
STREAM_FUNCTION, FILE_FUNCTION = "ingest_stream", "ingest_batch"


def redrive_objects(deployed: Deployed) -> tuple[int, int]:
    """Give every on-failure object to ingest_stream; {taken, left}. What was taken moves below `redriven/`."""
    s3, bucket, taken, left = boto3.client("s3"), deployed.bucket("quarantine"), 0, 0
    for key in list(objects.keys(bucket, ON_FAILURE_PREFIX)):
        payload = json.load(s3.get_object(Bucket=bucket, Key=key)["Body"]).get("payload")
        event = json.loads(payload) if isinstance(payload, str) else payload
        if event and _is_taken(deployed, STREAM_FUNCTION, event):
            objects.copy(bucket, key, bucket, f"redriven/{key}")
            s3.delete_object(Bucket=bucket, Key=key)
            taken += 1
        else:
            left += 1
    return taken, left


def redrive_letters(deployed: Deployed) -> tuple[int, int]:
    """Give every dead letter of ingest_batch to it again; {taken, left}. What was taken is deleted."""
    sqs, taken, left = boto3.client("sqs"), 0, 0
    name = deployed.name(f"{FILE_FUNCTION}-dead_letter")
    try:
        url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
    except sqs.exceptions.QueueDoesNotExist:
        return 0, 0
    # A letter that was received is unseen for a while: each comes once.
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=900).get("Messages"):
        for message in messages:
            if _is_taken(deployed, FILE_FUNCTION, json.loads(message["Body"])):
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
                taken += 1
            else:
                left += 1
    return taken, left


def _is_taken(deployed: Deployed, function: str, event: dict[str, Any]) -> bool:
    answer = boto3.client("lambda").invoke(FunctionName=deployed.name(function), Payload=json.dumps(event).encode())
    failed = json.load(answer["Payload"])
    return "FunctionError" not in answer and not (failed or {}).get("batchItemFailures")


def main() -> int:
    """Redrive both kinds and say how many were taken; 1 when any is left."""
    options = arguments("Give what functions could not take to them again.").parse_args()
    try:
        deployed = Deployed.of(options.env)
        found = {"on-failure objects": redrive_objects(deployed), "dead letters": redrive_letters(deployed)}
    except OperationError as error:
        print(error, file=sys.stderr)
        return 1
    for kind, (taken, left) in found.items():
        print(f"{kind}: {taken} taken, {left} left")
    if any(left for _, left in found.values()):
        print("What is left fails still: read the function's log, repair it, and redrive again", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
