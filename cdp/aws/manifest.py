"""What a run takes is closed before it starts: its manifest is written once and never changes."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict

from botocore.exceptions import ClientError

from cdp.aws import objects
from cdp.aws.ledger import Receipt
from cdp.aws.raw import manifest_key, read_manifest
from cdp.run import Run


def close_manifest(bucket: str, run: Run, receipts: Iterable[Receipt]) -> list[Receipt]:
    """Write the run's manifest, unless it has one already; the receipts of the one that counts."""
    receipts = list(receipts)
    content = {**asdict(run), "receipts": [asdict(receipt) for receipt in receipts]}
    try:
        objects.client().put_object(
            Bucket=bucket,
            Key=manifest_key(run.run_id),
            Body=json.dumps(content).encode(),
            ContentType="application/json",
            IfNoneMatch="*",
        )
    except ClientError as error:
        if error.response["Error"]["Code"] != "PreconditionFailed":
            raise
        return read_manifest(bucket, run.run_id)
    return receipts
