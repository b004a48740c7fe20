"""A contract's change is additive or breaking, and a breaking one cannot be published under the same version."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cdp.contract_diff import changes, digest, main, refusal
from cdp.contracts import Contract, contract, contract_names
from tests.nested import put, without

ROOT = Path(__file__).resolve().parents[2]
PUBLISHED = ROOT / "data_quality/records/published.txt"
V1 = contract("transaction.v1").schema
SCHEMA: dict[str, Any] = {
    "$id": "thing.v1",
    "type": "object",
    "required": ["id"],
    "properties": {
        "id": {"type": "string", "minLength": 1, "maxLength": 10},
        "size": {"type": ["integer", "null"], "minimum": 0, "maximum": 9},
        "kind": {"type": "string", "enum": ["a", "b"]},
        "code": {"type": "string", "pattern": "^[A-Z]+$"},
        "mail": {"type": "string", "format": "email"},
        "inner": {
            "type": "object",
            "properties": {"x": {"type": "number"}},
            "additionalProperties": {"type": "string"},
        },
        "list": {"type": "array", "items": {"type": "string"}},
    },
}


def changed(pointer: str, value: Any) -> dict[str, Any]:
    """The schema with another value at a pointer; None takes it away."""
    way = pointer.strip("/").split("/")
    return without(SCHEMA, way) if value is None else put(SCHEMA, way, value)


BREAKING = [
    ("/required", ["id", "kind"]),
    ("/properties/size/type", "integer"),
    ("/properties/id/type", "integer"),
    ("/properties/kind/enum", ["a"]),
    ("/properties/id/enum", ["a"]),
    ("/properties/code/pattern", "^[A-Z]{3}$"),
    ("/properties/id/pattern", "^x"),
    ("/properties/id/format", "uuid"),
    ("/properties/mail/format", "uri"),
    ("/properties/size/minimum", 1),
    ("/properties/size/maximum", 8),
    ("/properties/id/minLength", 2),
    ("/properties/id/maxLength", 9),
    ("/properties/code/maxLength", 5),
    ("/additionalProperties", False),
    ("/properties/inner/additionalProperties", False),
    ("/properties/inner/additionalProperties/type", "integer"),
    ("/properties/inner/properties/x/type", "integer"),
    ("/properties/list/items/type", "integer"),
    ("/properties/list/maxItems", 3),
    ("/properties/mail", None),
    ("/allOf", [{"required": ["mail"]}]),
    ("/anyOf", [{"required": ["mail"]}]),
]
ADDITIVE = [
    ("/properties/coupon", {"type": "string"}),
    ("/required", []),
    ("/properties/id/type", ["string", "null"]),
    ("/properties/inner/properties/x/type", ["number", "null"]),
    ("/properties/kind/enum", ["a", "b", "c"]),
    ("/properties/kind/enum", None),
    ("/properties/code/pattern", None),
    ("/properties/mail/format", None),
    ("/properties/size/minimum", -1),
    ("/properties/size/maximum", 10),
    ("/properties/size/maximum", None),
    ("/properties/id/maxLength", 11),
    ("/properties/inner/additionalProperties", None),
]


@pytest.mark.parametrize(("pointer", "value"), BREAKING, ids=lambda v: v if isinstance(v, str) else "")
def test_what_narrows_is_breaking_and_named_by_its_pointer(pointer, value):
    found = changes(SCHEMA, changed(pointer, value))
    assert [change.pointer for change in found if change.is_breaking] == [pointer]
    assert pointer in (refusal(SCHEMA, changed(pointer, value)) or "")


@pytest.mark.parametrize(("pointer", "value"), ADDITIVE, ids=lambda v: v if isinstance(v, str) else "")
def test_what_widens_is_additive(pointer, value):
    found = changes(SCHEMA, changed(pointer, value))
    assert found
    assert not any(change.is_breaking for change in found)
    assert refusal(SCHEMA, changed(pointer, value)) is None


def test_wording_layout_and_references_are_no_change():
    same = {**SCHEMA, "title": "A thing", "$defs": {"id": SCHEMA["properties"]["id"]}}
    same["properties"] = {**SCHEMA["properties"], "id": {"$ref": "#/$defs/id", "description": "Its name"}}
    assert changes(SCHEMA, same) == []
    assert digest(SCHEMA) == digest(same)


def test_fields_named_like_words_of_the_standard_are_fields():
    fields = {"title": {"type": "string"}, "description": {"type": "string"}, "$ref": {"type": "string"}}
    named = changed("/properties", {**SCHEMA["properties"], **fields})
    assert [c.pointer for c in changes(SCHEMA, named)] == [f"/properties/{name}" for name in sorted(fields)]


VALUES = st.fixed_dictionaries(
    {},
    optional={
        "id": st.text("abz", max_size=12),
        "size": st.none() | st.integers(-2, 12),
        "kind": st.sampled_from("abcd"),
        "code": st.text("AZz", max_size=6),
        "mail": st.sampled_from(["a@b.de", "nobody"]),
        "inner": st.dictionaries(st.sampled_from("xy"), st.integers() | st.text(max_size=1) | st.none(), max_size=2),
        "list": st.lists(st.text(max_size=1) | st.integers(), max_size=4),
    },
)


@settings(max_examples=150, deadline=None)
@given(value=VALUES, place=st.sampled_from(ADDITIVE[1:]))
def test_a_record_that_kept_the_one_keeps_the_other_after_an_additive_change(value, place):
    if Contract("thing.v1", SCHEMA).is_valid(value):
        assert Contract("thing.v1", changed(*place)).is_valid(value)


def test_version_two_of_the_transaction_adds_an_optional_field(capsys):
    assert main(["transaction.v1", "transaction.v2"]) == 0
    assert "additive  /properties/coupon_code: new field" in capsys.readouterr().out


def test_a_breaking_change_of_a_version_is_refused_and_allowed_as_a_new_one(tmp_path, capsys):
    edited = copy.deepcopy(V1)
    edited["required"].append("customer_id")
    file = tmp_path / "transaction.v1.json"
    file.write_text(json.dumps(edited))
    assert main(["transaction.v1", str(file)]) == 1
    shown = capsys.readouterr()
    assert "customer_id is now required" in shown.out
    assert "/required" in shown.err
    assert "transaction.v2" in shown.err
    file.write_text(json.dumps({**edited, "$id": "transaction.v3"}))
    assert main(["transaction.v1", str(file)]) == 0


def test_a_contract_that_is_not_there_is_said(capsys):
    assert main(["transaction.v1", "transaction.v99"]) == 2
    assert "transaction.v2" in capsys.readouterr().err


def test_no_published_contract_has_been_edited():
    promised = dict(line.split() for line in PUBLISHED.read_text().splitlines())
    assert promised == {name: digest(contract(name).schema) for name in sorted(contract_names())}, (
        "a published version is never edited: make a new one; only for a new contract add its line to published.txt"
    )
