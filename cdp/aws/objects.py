"""Objects in S3 are written whole and read as streams; writing one again under its key leaves one object."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any, BinaryIO, cast

import boto3
from botocore.config import Config
from isal import isal_zlib
from isal.igzip import IGzipFile

GZIP_LEVEL = 1  # ISA-L's: a fifth of zlib's time at its level 1, for smaller objects
BLOCK_BYTES = 64 * 1024  # memory for a whole batch of lines costs more time than compressing them
GZIP = 31  # the window size plus a gzip header, which then holds no time: same lines, same bytes


@cache
def client() -> Any:
    """The S3 client of this process, made on first use."""
    return boto3.client("s3", config=Config(retries={"mode": "standard", "max_attempts": 4}))


class Lines:
    """Lines (each with its line end) on their way into one gzip object; only their compressed form is held."""

    def __init__(self) -> None:
        self.count = 0
        self._waiting: list[bytes] = []
        self._waiting_bytes = 0
        self._compressed: list[bytes] = []
        self._compressor = isal_zlib.compressobj(GZIP_LEVEL, wbits=GZIP)

    def add(self, line: bytes) -> None:
        """Add a line."""
        self.count += 1
        self._waiting.append(line)
        self._waiting_bytes += len(line)
        if self._waiting_bytes >= BLOCK_BYTES:
            self._compress()

    def put(self, bucket: str, key: str) -> bytes:
        """Write the object and return its bytes; no line can be added any more. Raises botocore's errors."""
        self._compress()
        body = b"".join([*self._compressed, self._compressor.flush()])
        client().put_object(Bucket=bucket, Key=key, Body=body, ContentType="application/x-ndjson")
        return body

    def _compress(self) -> None:
        self._compressed.append(self._compressor.compress(b"".join(self._waiting)))
        self._waiting, self._waiting_bytes = [], 0


def put_page(bucket: str, key: str, html: str) -> None:
    """Write a page that a browser opens. Raises botocore's errors."""
    client().put_object(Bucket=bucket, Key=key, Body=html.encode(), ContentType="text/html; charset=utf-8")


def put_lines(bucket: str, key: str, lines: Iterable[bytes]) -> bytes:
    """Write lines (each with its line end) as one gzip object, whose bytes it returns. Raises botocore's errors."""
    held = Lines()
    for line in lines:
        held.add(line)
    return held.put(bucket, key)


def read_lines(bucket: str, key: str) -> Iterator[bytes]:
    """The lines of a gzip object, each with its line end, as they come."""
    with open_stream(bucket, key) as stream, IGzipFile(fileobj=stream) as lines:  # type: ignore[no-untyped-call]
        yield from cast(Iterable[bytes], lines)


def open_stream(bucket: str, key: str, etag: str = "") -> BinaryIO:
    """The bytes of an object as they lie there; with an ETag, only while it has that. Raises botocore's errors."""
    condition = {"IfMatch": etag} if etag else {}
    body = client().get_object(Bucket=bucket, Key=key, **condition)["Body"]
    return cast(BinaryIO, io.BufferedReader(body, buffer_size=1024 * 1024))


def etag_of(bucket: str, key: str) -> str:
    """The version of an object's content, to read the same one twice."""
    return str(client().head_object(Bucket=bucket, Key=key)["ETag"])


def copy(bucket: str, key: str, to_bucket: str, to_key: str) -> None:
    """Copy an object of any size without reading it."""
    client().copy({"Bucket": bucket, "Key": key}, to_bucket, to_key)


def keys(bucket: str, prefix: str, after: str = "") -> Iterator[str]:
    """Keys below a prefix in order, from the one after `after` on. Raises botocore's errors."""
    pages = client().get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix, StartAfter=after)
    yield from (item["Key"] for page in pages for item in page.get("Contents", []))
