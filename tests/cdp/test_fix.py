import json

import pytest

from cdp.fix import Fix, FixError


def fixed(rule, payload, format="json", record_id="r"):
    return Fix.of({"name": "t", **rule}).payload(record_id, format, payload)[0]


def test_a_renamed_field_and_a_mapped_value():
    rule = {"rename": {"/cust": "/customer_id"}, "map": {"/currency": {"€": "EUR"}, "/n": {"1": 2}}}
    assert json.loads(fixed(rule, '{"cust": "S1", "currency": "€", "n": 1}')) == {
        "customer_id": "S1",
        "currency": "EUR",
        "n": 2,
    }


def test_a_place_within_another():
    rule = {"rename": {"/context/mail": "/context/email"}}
    assert json.loads(fixed(rule, '{"context": {"mail": "a"}}')) == {"context": {"email": "a"}}


def test_a_field_that_is_there_is_not_overwritten():
    payload = '{"cust":"S1","customer_id":"S2"}'
    assert fixed({"rename": {"/cust": "/customer_id"}}, payload) == payload.encode()


@pytest.mark.parametrize("payload", ['{ "a" : 1 }', "[1]", "no json", '"text"', '{"context": 7}'])
def test_what_a_rule_has_nothing_to_do_with_keeps_its_bytes(payload):
    assert fixed({"rename": {"/context/b": "/c"}, "map": {"/a": {"2": 3}}}, payload) == payload.encode()


def test_bytes_that_are_no_utf_8_are_read_in_the_encoding_they_have():
    import base64

    kept = base64.b64encode('{"city": "Köln"}'.encode("cp1252")).decode()
    assert fixed({"encoding": "cp1252"}, kept, "base64") == '{"city": "Köln"}'.encode()
    assert fixed({}, kept, "base64") == base64.b64decode(kept)


def test_a_payload_edited_by_hand_is_taken_as_written():
    lines = [b'{"record_id": "r", "payload": {"a": 1}}', b'{"record_id": "s", "payload": "{ }"}']
    fix = Fix.of({"name": "by hand"}, lines)
    assert fix.payload("r", "text", "1;2") == (b'{"a":1}', "json")
    assert fix.payload("s", "json", "x") == (b"{ }", "json")
    assert fix.payload("r", "csv_row", "{}") == (b'{"a":1}', "csv_row")


@pytest.mark.parametrize(
    "rule",
    [
        None,
        {},
        {"name": "x", "renam": {}},
        {"name": "x", "rename": {"a": "/b"}},
        {"name": "x", "rename": {"/a": "b"}},
        {"name": "x", "rename": ["/a"]},
        {"name": "x", "map": {"/a": "b"}},
        {"name": "x", "contract": "order.v9"},
        {"name": "x", "encoding": "klingon"},
    ],
)
def test_a_fix_that_is_none_is_refused(rule):
    with pytest.raises(FixError):
        Fix.of(rule)


@pytest.mark.parametrize("line", [b"", b"7", b"{}", b'{"payload": {}}'])
def test_a_line_of_an_edited_file_that_says_too_little_is_named(line):
    with pytest.raises(FixError, match="line 2"):
        Fix.of({"name": "by hand"}, [b'{"record_id": "r", "payload": {}}', line])


def test_another_fix_has_another_digest():
    digests = {
        Fix.of({"name": "x"}).digest,
        Fix.of({"name": "x", "contract": "product.v1"}).digest,
        Fix.of({"name": "x"}, [b'{"record_id": "r", "payload": {}}']).digest,
        Fix.of({"name": "x"}, [b'{"record_id": "r", "payload": {"a": 1}}']).digest,
    }
    assert len(digests) == 4
