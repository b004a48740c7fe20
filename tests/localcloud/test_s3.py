from __future__ import annotations

import json

from localcloud.patches.s3 import LINES_OF_A_LOG
from tests.localcloud.stock.probe import LOG_DELIVERY


def test_a_versioned_bucket_with_delete_markers_can_be_emptied(sandbox):
    s3, bucket = sandbox.client("s3"), sandbox.bucket()
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    s3.put_object(Bucket=bucket, Key="a")
    s3.delete_object(Bucket=bucket, Key="a")
    listed = s3.list_object_versions(Bucket=bucket)
    for entry in listed["Versions"] + listed["DeleteMarkers"]:
        s3.delete_object(Bucket=bucket, Key="a", VersionId=entry["VersionId"])
    s3.delete_bucket(Bucket=bucket)


def test_requests_to_a_bucket_that_logs_its_access_are_logged_a_thousand_to_an_object(sandbox):
    s3, bucket, other, log = sandbox.client("s3"), sandbox.bucket(), sandbox.bucket(), sandbox.bucket()
    allowed = LOG_DELIVERY | {"Resource": f"arn:aws:s3:::{log}/*"}
    s3.put_bucket_policy(Bucket=log, Policy=json.dumps({"Statement": [allowed]}))
    for name, prefix in ((bucket, "access/"), (other, "other/")):
        status = {"LoggingEnabled": {"TargetBucket": log, "TargetPrefix": prefix}}
        s3.put_bucket_logging(Bucket=name, BucketLoggingStatus=status)
    for _ in range(LINES_OF_A_LOG - 1):
        s3.head_bucket(Bucket=bucket)
    s3.head_bucket(Bucket=other)
    assert "Contents" not in s3.list_objects_v2(Bucket=log)
    s3.head_bucket(Bucket=bucket)
    (written,) = s3.list_objects_v2(Bucket=log)["Contents"]
    assert written["Key"].startswith("access/")
    lines = s3.get_object(Bucket=log, Key=written["Key"])["Body"].read().decode().splitlines()
    assert len(lines) == LINES_OF_A_LOG
    assert all("REST.HEAD.BUCKET" in line and bucket in line for line in lines)
