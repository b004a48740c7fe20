"""What tests of ingestion look at: objects of a bucket, receipts of the ledger, and a handler's context."""

import gzip
import json
from types import SimpleNamespace

import boto3
import orjson

from cdp.aws.ledger import Ledger, Receipt
from cdp.settings import Settings

CONTEXT = SimpleNamespace(
    function_name="cdp-test-function",
    memory_limit_in_mb=512,
    invoked_function_arn="arn:aws:lambda:us-east-1:123456789012:function:cdp-test-function",
    aws_request_id="0b1e62a8-7c9a-4f5e-9d0b-6c9b6f6f6f6f",
)


def keys(bucket: str, prefix: str = "") -> list[str]:
    pages = boto3.client("s3").get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    return [item["Key"] for page in pages for item in page.get("Contents", [])]


def lines(bucket: str, key: str) -> list[dict]:
    body = boto3.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
    return [orjson.loads(line) for line in gzip.decompress(body).splitlines()]


def stored(settings: Settings, zone: str) -> list[dict]:
    """All records of raw or quarantine, whether a receipt names their object or not."""
    bucket = settings.bucket(zone)
    return [line for key in keys(bucket, "records/") for line in lines(bucket, key)]


def receipts(settings: Settings) -> list[Receipt]:
    return Ledger(settings.table("ledger")).pending_receipts()


def counts(receipt: Receipt) -> tuple[str, int, int, int, int]:
    return receipt.dataset, receipt.received, receipt.accepted, receipt.duplicate, receipt.quarantined


def committed(settings: Settings) -> list[str]:
    """Record ids of what a run would read: the objects that receipts name."""
    named = [receipt.object_key for receipt in receipts(settings) if receipt.object_key]
    return sorted(line["record_id"] for key in named for line in lines(settings.bucket("raw"), key))


def metrics(printed: str) -> list[dict]:
    objects = [json.loads(line) for line in printed.splitlines() if line.startswith("{")]
    return [entry for entry in objects if "_aws" in entry]
