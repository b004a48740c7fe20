"""A fault is a function that says whether moto still shows it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import boto3

REGION = "us-east-1"
ROLE = "arn:aws:iam::123456789012:role/r"
DENY_WITHOUT_TLS = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Deny",
            "Principal": "*",
            "Action": ["s3:*"],
            "Resource": ["arn:aws:s3:::secure", "arn:aws:s3:::secure/*"],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }
    ],
}
LOG_DELIVERY = {"Effect": "Allow", "Principal": {"Service": "logging.s3.amazonaws.com"}, "Action": ["s3:PutObject"]}
FAULTS: dict[str, Callable[[], bool]] = {}


def fault(check: Callable[[], bool]) -> Callable[[], bool]:
    FAULTS[check.__name__] = check
    return check


def client(service: str) -> Any:
    return boto3.client(service, region_name=REGION)
