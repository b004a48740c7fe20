"""A run reads the raw objects that its manifest names, each of them whole, or stops and says which it cannot read."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from io import BytesIO

from botocore.exceptions import ClientError
from isal.igzip import IGzipFile
from isal.isal_zlib import IsalError

from cdp.aws import objects
from cdp.aws.ledger import Receipt
from cdp.records import RawLines
from cdp.seal import seal

DOWNLOADS = 4
BLOCK_BYTES = 1024 * 1024  # of lines, unpacked


class RawError(Exception):
    """An object of raw is missing, unreadable or not what its receipt says; the message names its key."""


def manifest_key(run_id: str) -> str:
    """Key of a run's manifest in the raw bucket: {"run_id", "run_at", "receipts": [Receipt as an object]}."""
    return f"manifests/{run_id}.json"


def read_manifest(bucket: str, run_id: str) -> list[Receipt]:
    """The receipts a run takes, by receipt id. Raises RawError."""
    key = manifest_key(run_id)
    try:
        receipts = [Receipt(**receipt) for receipt in json.loads(_read(bucket, key))["receipts"]]
    except (ValueError, KeyError, TypeError) as error:
        raise RawError(f"s3://{bucket}/{key} is not a run's manifest: {error!r}; plan_run writes it") from error
    return sorted(receipts, key=lambda r: r.receipt_id)


def read_records(bucket: str, receipts: Iterable[Receipt]) -> Iterator[RawLines]:
    """The lines of the receipts' objects, in the order given; a few objects are in memory at a time, compressed.

    Raises RawError for an object that is missing, is not gzip or has not the number of lines its receipt states.
    """
    waiting: deque[tuple[Receipt, Future[bytes]]] = deque()
    with ThreadPoolExecutor(DOWNLOADS) as pool:
        for receipt in receipts:
            if receipt.object_key:
                waiting.append((receipt, pool.submit(_read, bucket, receipt.object_key)))
            if len(waiting) > DOWNLOADS:
                yield from _lines(bucket, *waiting.popleft())
        while waiting:
            yield from _lines(bucket, *waiting.popleft())


def _lines(bucket: str, receipt: Receipt, download: Future[bytes]) -> Iterator[RawLines]:
    count, body = 0, download.result()
    is_judged = receipt.seal == seal(body)
    try:
        with IGzipFile(fileobj=BytesIO(body)) as lines:  # type: ignore[no-untyped-call]
            while text := lines.read(BLOCK_BYTES) + lines.readline():  # type: ignore[no-untyped-call]
                count += text.count(b"\n") + (not text.endswith(b"\n"))
                yield RawLines(text, is_judged)
    except (OSError, EOFError, IsalError) as error:  # type: ignore[misc]  # the stub takes it for an instance
        raise RawError(f"s3://{bucket}/{receipt.object_key} cannot be read: {error}") from error
    if count != receipt.accepted:
        raise RawError(
            f"s3://{bucket}/{receipt.object_key} holds {count} records, its receipt {receipt.receipt_id} says "
            f"{receipt.accepted}; restore the object's version that {receipt.stage} wrote"
        )


def _read(bucket: str, key: str) -> bytes:
    try:
        with objects.open_stream(bucket, key) as stream:
            return stream.read()
    except ClientError as error:
        code, said = error.response["Error"]["Code"], error.response["Error"].get("Message", "")
        next_step = "restore it from its versions" if code == "NoSuchKey" else "read again once that is mended"
        raise RawError(f"s3://{bucket}/{key} cannot be read ({code}: {said}); {next_step}") from error
