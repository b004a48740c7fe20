"""A Kinesis batch lands once, whatever is in it and however often it comes."""

import json
import subprocess
import sys
from base64 import b64encode
from pathlib import Path

import boto3
import orjson
import pytest
from botocore.exceptions import ClientError

from lambdas import ingest_stream
from tests.lambdas.ingestion import CONTEXT, committed, counts, keys, metrics, receipts, stored

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "data_quality/records/examples"
EVENT = json.loads((EXAMPLES / "clickstream_event.v1.full.pass.json").read_text())
ARRIVED_AT = 1772359200.123  # 2026-03-01T10:00:00.123Z
SHARD = "shardId-000000000003"


def click(number: int, **fields: object) -> bytes:
    return orjson.dumps({**EVENT, "messageId": f"14ae8453-172e-4817-b2f2-{number:012d}", **fields})


def batch(*payloads: bytes, first: int = 1) -> dict:
    return {
        "Records": [
            {
                "eventID": f"{SHARD}:{number}",
                "eventSource": "aws:kinesis",
                "kinesis": {
                    "data": b64encode(payload).decode(),
                    "sequenceNumber": str(number),
                    "approximateArrivalTimestamp": ARRIVED_AT + number,
                },
            }
            for number, payload in enumerate(payloads, first)
        ]
    }


def consume(event: dict) -> dict:
    return ingest_stream.handler(event, CONTEXT)


BAD = [
    b"",
    b"{",
    b"[]",
    b"null",
    b'{"a":NaN}',
    b"\xff\xfe",
    b"[" * 5000,
    click(7, type="../../etc"),
    b'"' + b"x" * 2**20,
]


def test_a_batch_becomes_one_raw_object_and_one_receipt(cloud):
    assert consume(batch(click(1), click(2), click(3))) == {"batchItemFailures": []}
    (receipt,) = receipts(cloud)
    assert receipt.object_key == f"records/dataset=clickstream_event/date=2026-03-01/{SHARD}-1-3.jsonl.gz"
    assert receipt.received_at == "2026-03-01T10:00:03.123Z"
    assert counts(receipt) == ("clickstream_event", 3, 3, 0, 0)
    assert keys(cloud.bucket("raw")) == [receipt.object_key]
    assert keys(cloud.bucket("quarantine")) == []


def test_raw_holds_each_record_exactly_as_received(cloud):
    payload = json.dumps(EVENT, indent=2).encode()
    consume(batch(payload))
    (line,) = stored(cloud, "raw")
    assert line["payload"].encode() == payload
    assert line["received_at"] == "2026-03-01T10:00:01.123Z"
    assert line["origin"] == f"{SHARD}:1"
    assert (line["source"], line["contract"], line["format"]) == ("web", "clickstream_event.v1", "json")


def test_bad_records_go_to_quarantine_with_their_reasons_and_stop_nobody(cloud):
    assert consume(batch(click(1), *BAD, click(2))) == {"batchItemFailures": []}
    (receipt,) = receipts(cloud)
    assert counts(receipt) == ("clickstream_event", 11, 2, 0, 9)
    quarantined = stored(cloud, "quarantine")
    assert [line["reasons"][0]["rule"] for line in quarantined] == [
        "empty", "json", "type", "type", "json", "encoding", "json", "enum", "size",
    ]  # fmt: skip
    assert {(line["stage"], line["contract_version"]) for line in quarantined} == {("ingest_stream", "v1")}
    assert quarantined[5]["payload"] == b64encode(b"\xff\xfe").decode()
    assert len(quarantined[8]["payload"]) == 2**20 + 1


def test_a_batch_of_bad_records_alone_leaves_no_raw_object(cloud):
    consume(batch(*BAD))
    (receipt,) = receipts(cloud)
    assert receipt.object_key == ""
    assert keys(cloud.bucket("raw")) == []
    assert keys(cloud.bucket("quarantine")) == [receipt.quarantine_key]


def test_an_unknown_contract_or_one_that_looks_like_a_path_is_quarantined_under_unknown(cloud):
    consume(batch(click(1, contract="../../etc/passwd"), click(2, contract="order.v7"), click(3)))
    assert [counts(receipt) for receipt in receipts(cloud)] == [
        ("clickstream_event", 1, 1, 0, 0),
        ("unknown", 2, 0, 0, 2),
    ]
    assert all("etc" not in key for key in keys(cloud.bucket("quarantine")) + keys(cloud.bucket("raw")))


def test_records_of_several_contracts_are_kept_apart(cloud):
    product = json.loads((EXAMPLES / "product.v1.full.pass.json").read_text())
    consume(batch(click(1), orjson.dumps({**product, "contract": "product.v1"})))
    assert [counts(receipt)[:3] for receipt in receipts(cloud)] == [("clickstream_event", 1, 1), ("product", 1, 1)]
    assert len(keys(cloud.bucket("raw"), "records/dataset=product/")) == 1


def test_the_same_batch_delivered_twice_leaves_one_copy(cloud):
    event = batch(click(1), b"{", click(2))
    consume(event)
    before = receipts(cloud), stored(cloud, "raw"), stored(cloud, "quarantine")
    consume(event)
    assert (receipts(cloud), stored(cloud, "raw"), stored(cloud, "quarantine")) == before


def test_the_same_records_have_the_same_ids_in_a_batch_cut_differently(cloud):
    payloads = [click(number) for number in range(4)]
    consume(batch(*payloads))
    whole = {line["record_id"] for line in stored(cloud, "raw")}
    consume(batch(*payloads[:1]))
    consume(batch(*payloads[1:], first=2))
    assert {line["record_id"] for line in stored(cloud, "raw")} == whole


def test_a_failing_object_store_raises_and_the_retry_leaves_one_copy(cloud):
    s3, event = boto3.client("s3"), batch(click(1), b"{", click(2))
    s3.delete_bucket(Bucket=cloud.bucket("quarantine"))
    with pytest.raises(ClientError):
        consume(event)
    assert receipts(cloud) == []
    s3.create_bucket(Bucket=cloud.bucket("quarantine"))
    consume(event)
    assert len(committed(cloud)) == len(stored(cloud, "raw")) == 2
    assert len(stored(cloud, "quarantine")) == 1


def test_a_batch_that_failed_before_its_commit_and_is_cut_differently_counts_once(cloud):
    s3, payloads = boto3.client("s3"), [click(1), b"{", click(2), click(3)]
    s3.delete_bucket(Bucket=cloud.bucket("quarantine"))
    with pytest.raises(ClientError):
        consume(batch(*payloads))
    s3.create_bucket(Bucket=cloud.bucket("quarantine"))
    consume(batch(*payloads[:2]))
    consume(batch(*payloads[2:], first=3))
    assert len(committed(cloud)) == len(set(committed(cloud))) == 3
    assert sum(receipt.received for receipt in receipts(cloud)) == 4


def test_a_failing_ledger_raises_and_nothing_is_committed(cloud):
    boto3.client("dynamodb").delete_table(TableName=cloud.table("ledger"))
    with pytest.raises(ClientError):
        consume(batch(click(1)))


def test_a_record_lambda_delivered_broken_is_the_failed_item_and_those_before_it_are_stored(cloud):
    event = batch(click(1), click(2), click(3), click(4))
    event["Records"][2]["kinesis"]["data"] = "no base64"
    assert consume(event) == {"batchItemFailures": [{"itemIdentifier": "3"}]}
    (receipt,) = receipts(cloud)
    assert receipt.object_key.endswith(f"/{SHARD}-1-2.jsonl.gz")
    assert receipt.received == 2


def test_a_batch_whose_first_record_is_broken_stores_nothing_and_names_it(cloud):
    event = batch(click(1), click(2))
    del event["Records"][0]["kinesis"]["data"]
    assert consume(event) == {"batchItemFailures": [{"itemIdentifier": "1"}]}
    assert receipts(cloud) == []


def test_metrics_say_what_became_of_the_records(cloud, capsys):
    consume(batch(click(1), click(2, colour="blue"), b"{"))
    (metric,) = metrics(capsys.readouterr().out)
    assert metric["_aws"]["CloudWatchMetrics"][0]["Namespace"] == "cdp/test"
    assert (metric["dataset"], metric["service"]) == ("clickstream_event", "ingest_stream")
    assert [metric[f"Records{name}"] for name in ("Received", "Accepted", "Quarantined", "WithExtraFields")] == [
        [3.0], [2.0], [1.0], [1.0],
    ]  # fmt: skip


def test_logs_are_json_with_the_batch_as_correlation_id_and_without_personal_data(cloud, capsys, monkeypatch):
    monkeypatch.setattr(ingest_stream.logger.handlers[0], "stream", sys.stdout)
    monkeypatch.setenv("POWERTOOLS_LOGGER_LOG_EVENT", "true")
    secrets = {"email": "secret.person@example.com", "phone": "+49 151 99999999"}
    bad = click(2, traits={**secrets, "email": "secret.person@"}, userId=5, event="secret search")
    broken = batch(click(1, traits=secrets), bad, b'{"email":"secret.person', click(4))
    broken["Records"][3]["kinesis"]["data"] = "secret.person!"
    consume(broken)
    printed = capsys.readouterr().out
    logged = [entry for entry in map(json.loads, printed.splitlines()) if "level" in entry]
    assert {entry["correlation_id"] for entry in logged} == {f"{SHARD}-1-3"}
    assert [entry["message"] for entry in logged] == ["batch stored", "record failed"]
    assert not any(word in printed for word in ("secret", "99999999", "Rain Jacket"))


def test_importing_the_handler_loads_nothing_heavy_and_touches_no_environment():
    code = (
        "import sys; import lambdas.ingest_stream, lambdas.ingest_batch; "
        "print({'pandas', 'awswrangler', 'pyarrow', 'duckdb', 'pyiceberg', 'jsonschema', 'numpy'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env={}, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
