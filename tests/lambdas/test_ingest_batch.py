"""A landed file is taken once, whole, and everything in it is accounted for."""

import csv
import gzip
import io
import json
import sys
from pathlib import Path

import boto3
import orjson
import pytest
from botocore.exceptions import ClientError

from lambdas import ingest_batch
from tests.conftest import create_ledger
from tests.lambdas.ingestion import CONTEXT, committed, counts, keys, lines, metrics, receipts, stored

EXAMPLES = Path(__file__).resolve().parents[2] / "data_quality/records/examples"
CUSTOMER = json.loads((EXAMPLES / "customer.v1.full.pass.json").read_text())
KEY = "landing/crm/customer.v1/customers-2026-03-01.csv"
LANDED_AT = "2026-03-01T10:00:00Z"


def customer(number: int, **fields: object) -> dict:
    return {**CUSTOMER, "customer_id": f"C{number:06d}", "has_marketing_consent": "true", **fields}


def csv_file(*rows: dict, **dialect: object) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(rows[0]), **dialect)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def land(settings, content: bytes, key: str = KEY, at: str = LANDED_AT) -> dict:
    """Put a file and hand over the event that S3 sends through EventBridge."""
    boto3.client("s3").put_object(Bucket=settings.bucket("raw"), Key=key, Body=content)
    return ingest_batch.handler(event(settings, key, at), CONTEXT)


def event(settings, key: str, at: str = LANDED_AT) -> dict:
    detail = {"bucket": {"name": settings.bucket("raw")}, "object": {"key": key, "size": 1, "etag": "x"}}
    return {"id": "17793124", "detail-type": "Object Created", "source": "aws.s3", "time": at, "detail": detail}


def taken(received=0, accepted=0, duplicate=0, quarantined=0) -> dict:
    return {"received": received, "accepted": accepted, "duplicate": duplicate, "quarantined": quarantined}


def test_a_csv_file_becomes_one_raw_object_and_one_receipt(cloud):
    assert land(cloud, csv_file(customer(1), customer(2))) == taken(received=2, accepted=2)
    (receipt,) = receipts(cloud)
    assert counts(receipt) == ("customer", 2, 2, 0, 0)
    assert receipt.object_key.startswith("records/dataset=customer/date=2026-03-01/")
    assert receipt.object_key.endswith("-00000.jsonl.gz")
    assert keys(cloud.bucket("raw"), "records/") == [receipt.object_key]


def test_a_row_is_kept_as_text_with_its_place_in_the_file(cloud):
    land(cloud, csv_file(customer(1), customer(2)))
    line = stored(cloud, "raw")[1]
    assert json.loads(line["payload"])["has_marketing_consent"] == "true"
    assert (line["format"], line["source"], line["contract"]) == ("csv_row", "crm", "customer.v1")
    assert (line["origin"], line["received_at"]) == (f"{KEY}#2", LANDED_AT)


def test_json_lines_are_kept_exactly(cloud):
    payload = orjson.dumps({**CUSTOMER, "preferences": {"size": 42}})
    key = "landing/shop/customer.v1/customers.jsonl"
    assert land(cloud, payload + b"\r\n\n[]\n", key) == taken(received=2, accepted=1, quarantined=1)
    assert stored(cloud, "raw")[0]["payload"].encode() == payload
    assert stored(cloud, "quarantine")[0]["origin"] == f"{key}#2"


@pytest.mark.parametrize("name", ["customers.csv.gz", "täglicher Export +1 %20 (neu).csv.gz"])
def test_a_compressed_file_is_read_also_under_an_odd_name(cloud, name):
    key = f"landing/crm/customer.v1/{name}"
    assert land(cloud, gzip.compress(csv_file(customer(1))), key) == taken(received=1, accepted=1)


def test_bad_rows_go_to_quarantine_with_their_reasons_and_stop_nobody(cloud):
    rows = [customer(1), customer(2, email="no address"), customer(3, updated_at="yesterday"), customer(4)]
    assert land(cloud, csv_file(*rows)) == taken(received=4, accepted=2, quarantined=2)
    reasons = [[(r["pointer"], r["rule"]) for r in line["reasons"]] for line in stored(cloud, "quarantine")]
    assert reasons == [[("/email", "format")], [("/updated_at", "format")]]
    assert stored(cloud, "quarantine")[0]["stage"] == "ingest_batch"


def test_a_byte_order_mark_quoted_newlines_and_extra_columns_do_no_harm(cloud, capsys):
    content = b"\xef\xbb\xbf" + csv_file(customer(1, street="Hinterhaus\r\nTür 3", shoe_size="42"))
    assert land(cloud, content) == taken(received=1, accepted=1)
    assert json.loads(stored(cloud, "raw")[0]["payload"])["street"] == "Hinterhaus\r\nTür 3"
    assert json.loads(stored(cloud, "raw")[0]["payload"])["shoe_size"] == "42"
    assert metrics(capsys.readouterr().out)[0]["RecordsWithExtraFields"] == [1.0]


def test_a_missing_required_column_quarantines_each_row_for_it(cloud):
    rows = [{name: value for name, value in customer(n).items() if name != "updated_at"} for n in range(3)]
    assert land(cloud, csv_file(*rows)) == taken(received=3, quarantined=3)
    assert {r["pointer"] for line in stored(cloud, "quarantine") for r in line["reasons"]} == {"/updated_at"}


def test_a_wrong_delimiter_quarantines_each_line_and_says_what_was_found(cloud):
    assert land(cloud, csv_file(customer(1), customer(2), delimiter=";")) == taken(received=2, quarantined=2)
    line = stored(cloud, "quarantine")[0]
    assert line["reasons"][0]["message"] == "expected columns divided by comma, found semicolon"
    assert line["payload"].startswith("C000001;ada@example.com;")


def test_rows_in_another_encoding_are_kept_as_bytes(cloud):
    content = csv_file(customer(1), customer(2, last_name="Müller")).decode().encode("latin-1")
    assert land(cloud, content) == taken(received=2, quarantined=2)
    assert {line["format"] for line in stored(cloud, "quarantine")} == {"base64"}


@pytest.mark.parametrize("content", [b"", b"\n\n", csv_file(customer(1)).splitlines()[0]])
def test_an_empty_file_is_taken_and_has_nothing(cloud, content, capsys):
    assert land(cloud, content) == taken()
    assert receipts(cloud) == []
    assert keys(cloud.bucket("raw"), "records/") == keys(cloud.bucket("quarantine")) == []


def test_the_same_event_again_changes_nothing(cloud):
    land(cloud, csv_file(customer(1), customer(2, email="bad")))
    before = receipts(cloud), stored(cloud, "raw"), stored(cloud, "quarantine")
    assert ingest_batch.handler(event(cloud, KEY), CONTEXT) == taken()
    assert (receipts(cloud), stored(cloud, "raw"), stored(cloud, "quarantine")) == before


@pytest.mark.parametrize("key", [KEY, KEY.replace(".csv", "-copy.csv")])
def test_the_same_content_landed_again_counts_as_duplicates(cloud, key):
    land(cloud, csv_file(customer(1), customer(2, email="bad")))
    for _ in range(2):
        assert land(cloud, csv_file(customer(1), customer(2, email="bad")), key, "2026-03-02T10:00:00Z") == taken(
            received=2, duplicate=2
        )
    assert sorted(counts(receipt) for receipt in receipts(cloud)) == [
        ("customer", 2, 0, 2, 0),
        ("customer", 2, 1, 0, 1),
    ]
    assert len(stored(cloud, "raw")) == 1


def test_the_same_content_landed_in_parts_is_the_same_content(cloud):
    s3, bucket = boto3.client("s3"), cloud.bucket("raw")
    content = csv_file(*[customer(n, street="x" * 250) for n in range(20_000)])
    assert land(cloud, content) == taken(received=20_000, accepted=20_000)
    key = "landing/crm/customer.v1/in-parts.csv"
    upload = s3.create_multipart_upload(Bucket=bucket, Key=key)["UploadId"]
    cut = 5 * 2**20
    parts = [
        {"PartNumber": n, "ETag": s3.upload_part(Bucket=bucket, Key=key, UploadId=upload, PartNumber=n, Body=b)["ETag"]}
        for n, b in enumerate((content[:cut], content[cut:]), start=1)
    ]
    s3.complete_multipart_upload(Bucket=bucket, Key=key, UploadId=upload, MultipartUpload={"Parts": parts})
    assert ingest_batch.handler(event(cloud, key), CONTEXT) == taken(received=20_000, duplicate=20_000)


def test_a_file_landed_in_the_wrong_folder_can_be_landed_again_in_the_right_one(cloud):
    land(cloud, csv_file(customer(1)), "landing/crm/product.v1/customers.csv")
    assert land(cloud, csv_file(customer(1))) == taken(received=1, accepted=1)


def test_a_large_file_is_cut_into_parts_that_add_up(cloud, monkeypatch):
    monkeypatch.setattr(ingest_batch, "PART_RECORDS", 40)
    assert land(cloud, csv_file(*map(customer, range(100)))) == taken(received=100, accepted=100)
    assert [receipt.received for receipt in receipts(cloud)] == [40, 40, 20]
    assert [len(lines(cloud.bucket("raw"), receipt.object_key)) for receipt in receipts(cloud)] == [40, 40, 20]
    assert len(set(committed(cloud))) == 100


def test_parts_are_cut_by_size_too(cloud, monkeypatch):
    monkeypatch.setattr(ingest_batch, "PART_BYTES", 5_000)
    land(cloud, csv_file(*map(customer, range(100))))
    assert len(receipts(cloud)) > 5
    assert sum(receipt.received for receipt in receipts(cloud)) == 100


def test_a_function_that_died_before_its_commit_leaves_nothing_and_its_retry_takes_the_file(cloud, monkeypatch):
    monkeypatch.setattr(ingest_batch, "PART_RECORDS", 2)
    boto3.client("dynamodb").delete_table(TableName=cloud.table("ledger"))
    create_ledger(cloud)
    boto3.client("s3").delete_bucket(Bucket=cloud.bucket("quarantine"))
    content = csv_file(customer(1), customer(2), customer(3, email="bad"), customer(4))
    with pytest.raises(ClientError):
        land(cloud, content)
    assert receipts(cloud) == []
    boto3.client("s3").create_bucket(Bucket=cloud.bucket("quarantine"))
    assert ingest_batch.handler(event(cloud, KEY), CONTEXT) == taken(received=4, accepted=3, quarantined=1)
    assert len(stored(cloud, "raw")) == len(committed(cloud)) == 3


def test_a_function_that_died_amid_its_receipts_writes_them_all_again(cloud, monkeypatch):
    monkeypatch.setattr(ingest_batch, "PART_RECORDS", 2)
    content = csv_file(*map(customer, range(6)))
    land(cloud, content)
    table, before = boto3.resource("dynamodb").Table(cloud.table("ledger")), receipts(cloud)
    for item in table.scan()["Items"]:
        if item["sk"] == "file" or item["sk"] == before[1].receipt_id:
            table.delete_item(Key={"pk": item["pk"], "sk": item["sk"]})
    assert ingest_batch.handler(event(cloud, KEY), CONTEXT) == taken(received=6, accepted=6)
    assert receipts(cloud) == before


@pytest.mark.parametrize(
    ("key", "rule"),
    [
        ("landing/customers.csv", "path"),
        ("landing/crm/customer.v1/2026/03/customers.csv", "path"),
        ("landing/../customer.v1/customers.csv", "path"),
        ("landing/CRM Export/customer.v1/customers.csv", "path"),
        ("landing/crm/invoice.v1/invoices.csv", "contract"),
        ("landing/crm/..%2f..%2fetc/invoices.csv", "contract"),
        ("landing/crm/customer.v1/customers.xlsx", "extension"),
        ("landing/crm/customer.v1/customers", "extension"),
        ("landing/crm/customer.v1/customers.csv.zip", "extension"),
        ("landing/crm/customer.v1/customers.csv.gz", "compression"),
    ],
)
def test_a_file_that_cannot_be_read_as_rows_is_quarantined_whole_with_the_reason(cloud, key, rule):
    content = csv_file(customer(1))
    assert land(cloud, content, key) == taken(received=1, quarantined=1)
    (receipt,), (line,) = receipts(cloud), stored(cloud, "quarantine")
    assert (receipt.dataset, receipt.object_key) == ("unknown", "")
    assert (line["reasons"][0]["rule"], line["origin"], line["format"]) == (rule, key, "file")
    copy = boto3.client("s3").get_object(Bucket=cloud.bucket("quarantine"), Key=line["payload"])["Body"].read()
    assert copy == content


def test_a_file_cut_off_in_the_middle_counts_as_a_whole_or_not_at_all(cloud, monkeypatch):
    monkeypatch.setattr(ingest_batch, "PART_RECORDS", 100)
    content = gzip.compress(csv_file(*map(customer, range(5000))))
    key = "landing/crm/customer.v1/customers.csv.gz"
    assert land(cloud, content[: len(content) // 2], key) == taken(received=1, quarantined=1)
    assert committed(cloud) == []
    assert land(cloud, content, key, "2026-03-01T11:00:00Z") == taken(received=5000, accepted=5000)


@pytest.mark.parametrize("key", ["manifests/run.json", "records/dataset=customer/x.jsonl.gz", "landing/crm/"])
def test_what_is_no_landed_file_is_left_alone(cloud, key):
    assert land(cloud, b"{}", key) == {}
    assert receipts(cloud) == []


def test_logs_hold_no_personal_data(cloud, capsys, monkeypatch):
    monkeypatch.setattr(ingest_batch.logger.handlers[0], "stream", sys.stdout)
    land(cloud, csv_file(customer(1), customer(2, email="secret.person@"), customer(3, has_marketing_consent="secret")))
    printed = capsys.readouterr().out
    assert "file taken" in printed
    assert '"correlation_id":"17793124"' in printed
    assert not any(word in printed for word in ("secret", "Lovelace", "ada@example.com", "Hauptstraße", "C000001"))
