"""Objects, tables and jobs, and who may touch them."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

from moto.glue.responses import GlueResponse

from tests.localcloud.stock.probe import DENY_WITHOUT_TLS, LOG_DELIVERY, ROLE, client, fault


@fault
def s3_does_not_show_that_a_bucket_tells_eventbridge() -> bool:
    client("s3").create_bucket(Bucket="telling")
    told: dict[str, Any] = {"EventBridgeConfiguration": {}}
    client("s3").put_bucket_notification_configuration(Bucket="telling", NotificationConfiguration=told)
    return "EventBridgeConfiguration" not in client("s3").get_bucket_notification_configuration(Bucket="telling")


@fault
def s3_takes_a_deny_for_met_whose_condition_is_not() -> bool:
    client("s3").create_bucket(Bucket="secure")
    client("s3").put_bucket_policy(Bucket="secure", Policy=json.dumps(DENY_WITHOUT_TLS))
    try:
        client("s3").put_object(Bucket="secure", Key="k", Body=b"")
    except client("s3").exceptions.ClientError as error:
        return error.response["ResponseMetadata"]["HTTPStatusCode"] == 403
    return False


@fault
def glue_cannot_update_a_job() -> bool:
    return not hasattr(GlueResponse, "update_job")


@fault
def iam_enforcement_takes_a_tables_arn_for_any() -> bool:
    from moto.core.responses import BaseResponse
    from moto.dynamodb.responses import DynamoHandler

    return not hasattr(DynamoHandler, "_determine_resource") and hasattr(
        BaseResponse, "_authenticate_and_authorize_action"
    )


@fault
def glue_update_table_ignores_the_version() -> bool:
    glue = client("glue")
    glue.create_database(DatabaseInput={"Name": "d"})
    glue.create_table(DatabaseName="d", TableInput={"Name": "t"})
    for _ in range(2):
        glue.update_table(DatabaseName="d", TableInput={"Name": "t"}, VersionId="1")
    return True


@fault
def glue_job_runs_succeed_without_a_script() -> bool:
    glue = client("glue")
    glue.create_job(Name="j", Role=ROLE, Command={"Name": "pythonshell", "ScriptLocation": "s3://nowhere/j.py"})
    run = glue.start_job_run(JobName="j")["JobRunId"]
    return bool(glue.get_job_run(JobName="j", RunId=run)["JobRun"]["JobRunState"] == "SUCCEEDED")


@fault
def glue_cannot_stop_job_runs() -> bool:
    return not hasattr(GlueResponse, "batch_stop_job_run")


@fault
def s3_delete_markers_cannot_be_disposed_of() -> bool:
    from moto.s3.models import FakeDeleteMarker

    return not hasattr(FakeDeleteMarker, "dispose")


@fault
def s3_lists_versions_of_a_key_that_is_deleted_meanwhile() -> bool:
    from moto.s3.utils import _VersionedKeyStore

    store = _VersionedKeyStore()
    store["a"] = store["b"] = SimpleNamespace(dispose=lambda garbage=False: None)
    listed = store.iterlists()
    next(listed)
    store.pop("b")
    return next(listed, None) == ("b", None)


@fault
def s3_writes_an_object_for_every_request_that_is_logged() -> bool:
    s3 = client("s3")
    for name in ("logging", "logged"):
        s3.create_bucket(Bucket=name)
    allowed = LOG_DELIVERY | {"Resource": "arn:aws:s3:::logging/*"}
    s3.put_bucket_policy(Bucket="logging", Policy=json.dumps({"Statement": [allowed]}))
    status: Any = {"LoggingEnabled": {"TargetBucket": "logging", "TargetPrefix": "access/"}}
    s3.put_bucket_logging(Bucket="logged", BucketLoggingStatus=status)
    for _ in "xy":
        s3.head_bucket(Bucket="logged")
    return s3.list_objects_v2(Bucket="logging")["KeyCount"] == 2


@fault
def s3_events_all_have_the_same_id() -> bool:
    from moto.events.models import Rule

    seen: list[str] = []
    keep, Rule.send_to_targets = Rule.send_to_targets, lambda self, event, **_: seen.append(event["id"])
    client("events").put_rule(Name="r", EventPattern='{"source": ["aws.s3"]}')
    s3 = client("s3")
    s3.create_bucket(Bucket="bbb")
    configuration: Any = {"EventBridgeConfiguration": {}}
    s3.put_bucket_notification_configuration(Bucket="bbb", NotificationConfiguration=configuration)
    for key in "xy":
        s3.put_object(Bucket="bbb", Key=key)
    Rule.send_to_targets = keep
    return len(seen) > 1 and len(set(seen)) == 1


@fault
def s3_announces_a_multipart_upload_twice() -> bool:
    from moto.events.models import Rule

    seen: list[str] = []
    keep = Rule.send_to_targets
    Rule.send_to_targets = lambda self, event, **_: seen.append(event["detail-type"])
    s3 = client("s3")
    upload = s3.create_multipart_upload(Bucket="bbb", Key="big")["UploadId"]
    part = s3.upload_part(Bucket="bbb", Key="big", UploadId=upload, PartNumber=1, Body=b"x")
    parts: Any = {"Parts": [{"ETag": part["ETag"], "PartNumber": 1}]}
    s3.complete_multipart_upload(Bucket="bbb", Key="big", UploadId=upload, MultipartUpload=parts)
    Rule.send_to_targets = keep
    return seen.count("Object Created") == 2
