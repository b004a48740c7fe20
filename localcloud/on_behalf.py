"""What AWS services do in a role's name, such as writing its log, needs the role's permission as well."""

from __future__ import annotations

from typing import Any

from localcloud.permissions import ACCOUNT, REGION, NotAuthorizedError
from localcloud.running import running

READ_STREAM = ("DescribeStream", "DescribeStreamSummary", "GetRecords", "GetShardIterator", "ListShards")
USE_OF_KEY = {"s3:GetObject": "kms:Decrypt", "s3:PutObject": "kms:GenerateDataKey"}
SEND_ENCRYPTED = ("kms:Decrypt", "kms:GenerateDataKey")


def may_log(role: str, group: str, creates_group: bool = False) -> bool:
    """Whether Lambda or Glue may write what a workload prints; it goes on without a log, and the journal says so."""
    actions = ["CreateLogGroup"] if creates_group else []
    resource = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{group}:*"
    try:
        for action in (*actions, "CreateLogStream", "PutLogEvents"):
            running().permissions.check(role, f"logs:{action}", resource)
    except NotAuthorizedError as error:
        running().targets.refused(resource, f"log/{role.split('/')[-1]}", error)
        return False
    return True


def authorise_object(role: str, action: str, bucket: str, key: str) -> None:
    """Glue fetches a job's script and libraries. Raises NotAuthorizedError, as everything below does."""
    from moto.s3.models import s3_backends

    running().permissions.check(role, action, f"arn:aws:s3:::{bucket}/{key}")
    authorise_key(role, s3_backends[ACCOUNT]["aws"].buckets.get(bucket), action)


def authorise_key(role: str, bucket: Any, action: str) -> None:
    """Whoever reads or writes an object uses the key that its bucket encrypts with."""
    if bucket is not None and action in USE_OF_KEY and (key := key_of(bucket)):
        running().permissions.check(role, USE_OF_KEY[action], key)


def key_of(bucket: Any) -> str:
    """ARN of the key that a bucket encrypts with unless told otherwise, "" for none."""
    rule = (bucket.encryption or {}).get("Rule") or {}
    rule = rule[0] if isinstance(rule, list) else rule
    return str(rule.get("ApplyServerSideEncryptionByDefault", {}).get("KMSMasterKeyID") or "")


def authorise_use(role: str, action: str, resource: str) -> None:
    """DynamoDB and SNS use the key of a table or topic in the name of whoever reads, writes or publishes."""
    from moto.dynamodb.models import dynamodb_backends
    from moto.sns.models import sns_backends

    key, uses = "", list(SEND_ENCRYPTED)
    if action.startswith("dynamodb:"):
        table = dynamodb_backends[ACCOUNT][REGION].tables.get(resource.split("/")[1])
        key, uses = (table.sse_specification or {}).get("KMSMasterKeyId", "") if table else "", ["kms:Decrypt"]
    elif action == "sns:Publish":
        topic = sns_backends[ACCOUNT][REGION].topics.get(resource)
        key = topic.kms_master_key_id if topic else ""
    for use in uses if key else ():
        running().permissions.check(role, use, str(key))


def authorise_stream(role: str, arn: str) -> None:
    """Lambda reads the stream of an event source mapping."""
    from moto.kinesis.models import kinesis_backends

    for action in READ_STREAM:
        running().permissions.check(role, f"kinesis:{action}", arn)
    stream = kinesis_backends[ACCOUNT][REGION].streams.get(arn.split("/")[-1])
    if stream is not None and stream.encryption_type == "KMS":
        running().permissions.check(role, "kms:Decrypt", str(stream.key_id))


def authorise_failed_batch(role: str, bucket: str, key: str) -> None:
    """Lambda writes a batch that it gave up on to the mapping's bucket."""
    running().permissions.check(role, "s3:ListBucket", f"arn:aws:s3:::{bucket}")
    authorise_object(role, "s3:PutObject", bucket, key)


def authorise_start(role: str, state_machine_arn: str, schedule_key: str | None) -> None:
    """The Scheduler starts an execution, and reads the schedule's input where a key encrypts it."""
    running().permissions.check(role, "states:StartExecution", state_machine_arn)
    if schedule_key:
        running().permissions.check(role, "kms:Decrypt", schedule_key)


def authorise_queue(role: str, arn: str) -> None:
    """Lambda and the Scheduler send what they could not deliver to a dead-letter queue."""
    from moto.sqs.models import sqs_backends

    running().permissions.check(role, "sqs:SendMessage", arn)
    queue = sqs_backends[ACCOUNT][REGION].queues.get(arn.split(":")[-1])
    key = queue.kms_master_key_id if queue is not None else ""
    for action in SEND_ENCRYPTED if key else ():
        running().permissions.check(role, action, str(key))
