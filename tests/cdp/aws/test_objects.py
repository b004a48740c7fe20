"""Objects are written whole, read as streams, and the same lines are the same bytes."""

import boto3
import pytest
from botocore.exceptions import ClientError

from cdp.aws import objects


@pytest.fixture
def bucket(aws) -> str:
    objects.client.cache_clear()
    return aws.bucket("raw")


def test_lines_come_back_in_their_order(bucket):
    lines = [b'{"n":%d,"filler":"%s"}\n' % (n, b"x" * (n % 700)) for n in range(5000)]
    objects.put_lines(bucket, "lines.jsonl.gz", lines)
    assert list(objects.read_lines(bucket, "lines.jsonl.gz")) == lines


def test_the_same_lines_written_again_are_the_same_one_object(bucket):
    for _ in range(2):
        objects.put_lines(bucket, "a/lines.jsonl.gz", [b"{}\n"])
    found = boto3.client("s3").list_object_versions(Bucket=bucket)["Versions"]
    assert len(found) == 1
    objects.put_lines(bucket, "b/lines.jsonl.gz", [b"{}\n"])
    assert objects.etag_of(bucket, "a/lines.jsonl.gz") == objects.etag_of(bucket, "b/lines.jsonl.gz")


def test_an_object_that_has_changed_since_it_was_looked_at_is_not_read(bucket):
    objects.put_lines(bucket, "lines.jsonl.gz", [b"1\n"])
    etag = objects.etag_of(bucket, "lines.jsonl.gz")
    objects.put_lines(bucket, "lines.jsonl.gz", [b"2\n"])
    with pytest.raises(ClientError, match="PreconditionFailed"):
        objects.open_stream(bucket, "lines.jsonl.gz", etag)


def test_a_missing_object_is_an_error(bucket):
    with pytest.raises(ClientError, match="NoSuchKey"):
        objects.open_stream(bucket, "none")
