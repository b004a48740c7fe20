"""Whatever arrives comes out as a value or as reasons, and its bytes are kept."""

import hashlib
import json
from base64 import b64decode
from pathlib import Path

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cdp import contracts, resources
from cdp.records import (
    MAX_BYTES,
    Record,
    Rejected,
    envelope_line,
    extra_fields,
    parse,
    receive,
    record_key,
)

EXAMPLES = Path(__file__).resolve().parents[2] / "data_quality/records/examples"
EVENT = json.loads((EXAMPLES / "clickstream_event.v1.full.pass.json").read_text())


def arrived(payload: bytes, name: str = "clickstream_event.v1", **options) -> Record:
    return receive(
        payload,
        source="web",
        contract_name=name,
        received_at="2026-03-01T10:00:00.000Z",
        origin="shardId-000000000000:1",
        is_self_described=True,
        **options,
    )


def rules(record: Record) -> list[tuple[str, str]]:
    assert isinstance(record.value, Rejected)
    return [(reason.pointer, reason.rule) for reason in record.value.reasons]


def with_field(**fields: object) -> bytes:
    return orjson.dumps({**EVENT, **fields})


def test_a_good_record_is_kept_exactly_and_parsed():
    payload = json.dumps(EVENT, indent=3).encode()
    envelope, value = arrived(payload)
    assert value == EVENT
    assert envelope == {
        "record_id": hashlib.sha256(b"web\0" + payload).hexdigest()[:32],
        "source": "web",
        "contract": "clickstream_event.v1",
        "received_at": "2026-03-01T10:00:00.000Z",
        "format": "json",
        "payload": payload.decode(),
        "origin": "shardId-000000000000:1",
    }


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"", ("", "empty")),
        (b" \r\n", ("", "empty")),
        (b"{", ("", "json")),
        (b'{"a":1} {"b":2}', ("", "json")),
        (b"{'a':1}", ("", "json")),
        (b"[]", ("", "type")),
        (b"17", ("", "type")),
        (b"null", ("", "type")),
        (b'"text"', ("", "type")),
        (b'{"a":NaN}', ("", "json")),
        (b'{"a":-Infinity}', ("", "json")),
        (b'{"a":1e999}', ("", "json")),
        (b'{"a":"\\ud800"}', ("", "json")),
        (b'{"a":"\\u0000"}', ("", "nul")),
        (b'{"a\\u0000":[1]}', ("", "nul")),
        (b'{"a":"\x00"}', ("", "json")),
        (b"\xef\xbb\xbf{}", ("", "json")),
        (b"[" * 100_000, ("", "json")),
        (b'{"a":' * 2000 + b"1" + b"}" * 2000, ("", "json")),
        (b'{"name":"M\xfcller"}', ("", "encoding")),
        (b"\x1f\x8b\x08\x00", ("", "encoding")),
        (b'{"a":"' + b"x" * MAX_BYTES + b'"}', ("", "size")),
        (('{"a":"' + "ü" * (MAX_BYTES // 2) + '"}').encode(), ("", "size")),
    ],
    ids=lambda value: str(value)[:24],
)
def test_what_is_no_record_is_rejected_for_one_reason_and_kept_whole(payload, reason):
    record = arrived(payload)
    kept = record.envelope["payload"]
    assert rules(record) == [reason]
    assert (b64decode(kept) if record.envelope["format"] == "base64" else kept.encode()) == payload
    assert parse(record.envelope) == record.value


@settings(derandomize=True, database=None, deadline=None, max_examples=300)
@given(st.binary(max_size=200))
def test_any_bytes_are_kept_and_judged_alike_by_ingestion_and_by_the_clean_stage(payload):
    record = arrived(payload)
    assert parse(orjson.loads(envelope_line(record.envelope))) == record.value


def test_a_record_just_small_enough_is_taken():
    payload = with_field(filler="")
    payload = with_field(filler="x" * (MAX_BYTES - len(payload)))
    assert len(payload) == MAX_BYTES
    assert not isinstance(arrived(payload).value, Rejected)


def test_an_escaped_backslash_before_u0000_is_no_nul_character():
    assert arrived(with_field(event="C:\\u0000")).value["event"] == "C:\\u0000"


def test_a_key_given_twice_counts_as_it_was_given_last():
    payload = b'{"type":"click",' + with_field()[1:]
    assert arrived(payload).value["type"] == "track"


def test_an_integer_beyond_int64_is_off_contract_where_it_matters_and_kept_elsewhere():
    huge = b"123456789012345678901234567890"
    payload = with_field(extra="HUGE").replace(b'"HUGE"', huge)
    assert not isinstance(arrived(payload).value, Rejected)
    assert huge.decode() in arrived(payload).envelope["payload"]
    assert rules(arrived(payload.replace(b'"revenue_cents":7990', b'"revenue_cents":' + huge))) == [
        ("/properties/revenue_cents", "maximum")
    ]


def test_a_deep_record_within_the_parsers_limit_is_taken():
    deep = b'{"a":' * 900 + b"1" + b"}" * 900
    record = arrived(with_field(extra="DEEP").replace(b'"DEEP"', deep))
    assert not isinstance(record.value, Rejected)
    assert parse(record.envelope) == record.value


@pytest.mark.parametrize("name", ["../../etc", "customer.v9", "", 5, None, ["customer.v1"], {}, "x" * 10_000])
def test_a_record_of_an_unknown_contract_is_rejected_and_its_name_goes_nowhere(name):
    record = arrived(with_field(contract=name))
    assert rules(record) == [("/contract", "contract")]
    assert record.envelope["contract"] == "unknown"


def test_a_record_may_name_another_contract_than_the_streams():
    product = json.loads((EXAMPLES / "product.v1.full.pass.json").read_text())
    record = arrived(orjson.dumps({**product, "contract": "product.v1"}))
    assert record.envelope["contract"] == "product.v1"
    assert record.value["product_id"] == product["product_id"]


def test_a_file_may_not_change_the_contract_of_its_folder():
    payload = orjson.dumps({"contract": "product.v1"})
    record = receive(payload, source="crm", contract_name="customer.v1", received_at="", origin="")
    assert record.envelope["contract"] == "customer.v1"


def test_a_path_as_event_type_is_off_contract():
    assert rules(arrived(with_field(type="../../etc/passwd"))) == [("/type", "enum")]


@pytest.mark.parametrize(
    ("moment", "is_taken"),
    [
        ("2026-03-01T15:30:00+05:30", True),
        ("1970-01-01T00:00:00Z", True),
        ("2999-12-31T23:59:59-14:00", True),
        ("0001-01-01T00:00:00Z", False),
        ("9999-12-31T23:59:59-14:00", False),
    ],
)
def test_times_with_offsets_and_far_away_are_taken_as_long_as_every_engine_can_hold_them(moment, is_taken):
    assert isinstance(arrived(with_field(timestamp=moment)).value, dict) == is_taken


def test_a_csv_row_is_typed_before_it_is_judged():
    row = json.loads((EXAMPLES / "product.v1.full.pass.json").read_text())
    payload = orjson.dumps({**{k: str(v) for k, v in row.items()}, "brand": "", "colour": "blue"})
    record = arrived(payload, "product.v1", format="csv_row")
    del row["brand"]
    assert record.value == {**row, "colour": "blue"}
    assert parse(record.envelope) == record.value


@pytest.mark.parametrize("payload", ["[1]", "5", "null", '{"price_cents": 5, "name": null}', "{"])
def test_a_csv_row_changed_by_hand_is_rejected_and_not_an_error(payload):
    record = arrived(payload.encode(), "product.v1", format="csv_row")
    assert isinstance(record.value, Rejected)


@pytest.fixture
def product_v2(monkeypatch):
    """A version of the product's contract is published that calls the price another name; a record that keeps it."""
    schema = json.loads((EXAMPLES.parent / "product.v1.json").read_text())
    text = json.dumps(schema).replace('"price_cents"', '"amount_cents"')
    names, read = resources.names, resources.read_text
    caches = (contracts.contract_names, contracts.versions, contracts.is_newest, contracts.contract)
    monkeypatch.setattr(resources, "names", lambda *asked: [*names(*asked), "product.v2.json"])
    monkeypatch.setattr(resources, "read_text", lambda path: text if path.endswith("product.v2.json") else read(path))
    for cached in caches:
        cached.cache_clear()
    record = json.loads((EXAMPLES / "product.v1.full.pass.json").read_text())
    yield {("amount_cents" if name == "price_cents" else name): value for name, value in record.items()}
    for cached in caches:
        cached.cache_clear()


@pytest.mark.parametrize("format", ["json", "csv_row"])
def test_a_breaking_change_under_the_old_version_is_told_as_the_version_it_looks_like(product_v2, format):
    sent = product_v2 if format == "json" else {name: str(value) for name, value in product_v2.items()}
    found = arrived(orjson.dumps(sent), "product.v1", format=format).value
    assert [(reason.pointer, reason.rule) for reason in found.reasons] == [
        ("/price_cents", "required"),
        ("", "version"),
    ]
    assert found.reasons[-1].message.startswith("looks like product.v2")


def test_a_record_that_keeps_no_version_is_told_only_what_it_breaks(product_v2):
    found = arrived(orjson.dumps({**product_v2, "name": 5}), "product.v1").value
    assert "version" not in {reason.rule for reason in found.reasons}


@pytest.mark.parametrize("format", ["text", "file", "base64", "new"])
def test_what_was_never_a_record_has_no_value_the_second_time_either(format):
    envelope = {**arrived(with_field()).envelope, "format": format}
    assert isinstance(parse(envelope), Rejected)


def test_the_same_record_delivered_twice_has_one_id_and_another_sources_has_another():
    def record_id(source: str, at: str) -> str:
        record = receive(
            b"{}", source=source, contract_name="customer.v1", received_at=at, origin=at, is_self_described=True
        )
        return record.envelope["record_id"]

    assert record_id("crm", "2026-03-01") == record_id("crm", "2026-03-02") != record_id("shop", "2026-03-01")


def test_fields_a_contract_does_not_describe_are_noticed():
    assert not extra_fields(EVENT, "clickstream_event.v1")
    assert extra_fields({**EVENT, "colour": 1}, "clickstream_event.v1")


def test_raw_keys_hold_dataset_day_and_batch():
    key = record_key("customer", "2026-03-01T23:59:59Z", "abc-00000")
    assert key == "records/dataset=customer/date=2026-03-01/abc-00000.jsonl.gz"
