"""What a run reads is what its manifest names, in order and whole."""

import gzip
import json
from dataclasses import asdict, replace

import pytest

from cdp.aws import objects, raw
from cdp.aws.ledger import Receipt
from cdp.aws.raw import DOWNLOADS, RawError, manifest_key, read_manifest, read_records
from cdp.records import RawLines
from cdp.seal import seal


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
    assert read == [RawLines(b"%d-0\n%d-1\n" % (number, number), is_judged=False) for number in range(3 * DOWNLOADS)]


def test_lines_come_whole_in_pieces_of_bounded_size(aws, monkeypatch):
    monkeypatch.setattr(raw, "BLOCK_BYTES", 10)
    lines = [b"x" * n + b"\n" for n in (0, 3, 30, 9, 10, 8)]
    objects.put_lines(aws.bucket("raw"), "a", [*lines, b"no end"])
    read = [piece.text for piece in read_records(aws.bucket("raw"), [receipt("a", 7)])]
    assert b"".join(read) == b"".join(lines) + b"no end"
    assert len(read) > 2
    assert all(text.endswith(b"\n") for text in read[:-1])


def test_only_the_bytes_that_were_sealed_are_judged(aws):
    body = gzip.compress(b"a\nb\n")
    objects.client().put_object(Bucket=aws.bucket("raw"), Key="a", Body=body)
    for sealed, is_judged in ((seal(body), True), (seal(body + b"."), False), ("", False)):
        (lines,) = read_records(aws.bucket("raw"), [replace(receipt("a", 2), seal=sealed)])
        assert lines == RawLines(b"a\nb\n", is_judged)
