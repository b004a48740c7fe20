"""Every example of a record contract is a test: its name says which contract, which case and what must come out."""

import json
from pathlib import Path

import pytest

from cdp.contracts import contract, contract_names

EXAMPLES = sorted((Path(__file__).resolve().parents[2] / "data_quality/records/examples").glob("*.json"))
# These break at the top, where every required member is missing too.
SEVERAL_REASONS = ("empty_object",)


def parts(file: Path) -> tuple[str, str, str]:
    dataset, version, case, verdict, _ = file.name.split(".")
    return f"{dataset}.{version}", case, verdict


@pytest.mark.parametrize("file", [f for f in EXAMPLES if parts(f)[2] == "pass"], ids=lambda f: f.name)
def test_a_passing_example_keeps_its_contract(file):
    assert contract(parts(file)[0]).validate(json.loads(file.read_text())) == []


@pytest.mark.parametrize("file", [f for f in EXAMPLES if parts(f)[2] == "fail"], ids=lambda f: f.name)
def test_a_failing_example_breaks_its_contract_in_the_one_place_it_is_about(file):
    name, case, _ = parts(file)
    reasons = contract(name).validate(json.loads(file.read_text()))
    assert reasons
    assert case in SEVERAL_REASONS or len({reason.pointer for reason in reasons}) == 1


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda f: f.name)
def test_the_reference_implementation_agrees(file):
    described = contract(parts(file)[0])
    value = json.loads(file.read_text())
    assert described.reference(described.fields).is_valid(value) == described.is_valid(value)


@pytest.mark.parametrize("name", sorted(contract_names()))
def test_every_contract_has_examples_of_both_kinds_for_every_required_field(name):
    cases = {(case, verdict) for n, case, verdict in map(parts, EXAMPLES) if n == name}
    missing = {f"missing_{field}" for field in contract(name).schema["required"]}
    assert missing <= {case for case, verdict in cases if verdict == "fail"}
    assert ("full", "pass") in cases


@pytest.mark.parametrize("name", sorted(contract_names()))
def test_every_field_of_a_contract_is_described_and_the_grain_is_said(name):
    schema = contract(name).schema
    assert "Grain: one record per" in schema["description"]
    assert [field for field, entry in schema["properties"].items() if not entry.get("description")] == []
    assert schema["$id"] == name
