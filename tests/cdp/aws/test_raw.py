"""What a run reads is what its manifest names, in order and whole."""

import json
from dataclasses import asdict

import pytest

from cdp.aws import objects
from cdp.aws.ledger import Receipt
from cdp.aws.raw import DOWNLOADS, RawError, manifest_key, read_manifest, read_records


def receipt(name, count):
    return Receipt(name, "ingest_stream", "product", count, count, 0, 0, "2026-03-02T02:00:00Z", name)


def test_a_manifest_is_read_by_receipt_id(aws):
    receipts = [receipt(name, 1) for name in ("b", "a")]
    body = json.dumps({"receipts": [asdict(r) for r in receipts]}).encode()
    objects.client().put_object(Bucket=aws.bucket("raw"), Key=manifest_key("r1"), Body=body)
    assert read_manifest(aws.bucket("raw"), "r1") == [receipts[1], receipts[0]]


@pytest.mark.parametrize("body", [b"", b"[]", b'{"receipts": [{"other": 1}]}'])
def test_what_is_no_manifest_is_named(aws, body):
    objects.client().put_object(Bucket=aws.bucket("raw"), Key=manifest_key("r1"), Body=body)
    with pytest.raises(RawError, match=r"manifests/r1\.json"):
        read_manifest(aws.bucket("raw"), "r1")


def test_records_come_in_the_order_of_their_receipts_and_no_object_is_no_records(aws):
    receipts = [receipt(f"object-{n}", 2) for n in range(3 * DOWNLOADS)]
    for number, written in enumerate(receipts):
        lines = [b"%d-%d\n" % (number, line) for line in range(2)]
        objects.put_lines(aws.bucket("raw"), written.object_key, lines)
    nothing = Receipt("quarantined", "ingest_stream", "product", 1, 0, 0, 1, "2026-03-02T02:00:00Z")
    read = list(read_records(aws.bucket("raw"), [nothing, *receipts]))
    assert read == [b"%d-%d\n" % (number, line) for number in range(3 * DOWNLOADS) for line in range(2)]
