"""Contracts decide alike on both implementations, explain without telling values, and type rows of text."""

import json
import subprocess
import sys
from pathlib import Path

import jsonschema_rs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cdp.contracts import Contract, Reason, UnknownContractError, contract, contract_names, dataset_of
from tests.nested import put

ROOT = Path(__file__).resolve().parents[2]
EVENT = json.loads((ROOT / "data_quality/records/examples/clickstream_event.v1.full.pass.json").read_text())
CUSTOMER = json.loads((ROOT / "data_quality/records/examples/customer.v1.full.pass.json").read_text())

# The same examples on every machine and day.
GENERATED = settings(
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
# Characters that formats are made of, so that generated text comes close to being valid.
NEARLY = st.text(alphabet="0123456789abfTtZz:.,-+@ _\"\\'()<>[]é１\n\0", max_size=44)
OFFSETS = st.sampled_from(["Z", "z", "", "+01:00", "-23:59", "+24:00", "+0100", "\n"])
TIMES = st.builds(
    lambda t, separator, offset: t.isoformat(separator) + offset, st.datetimes(), st.sampled_from("Tt "), OFFSETS
)
# The reference knows no IDNA, so that it takes labels like XN--P1AI; see the test of such an address.
EMAILS = st.one_of(st.emails(), st.tuples(NEARLY, NEARLY).map("@".join)).filter(lambda email: "--" not in email)
UUIDS = st.one_of(st.uuids().map(str), st.uuids().map(lambda u: u.hex), st.uuids().map(lambda u: u.urn))
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), NEARLY),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(NEARLY, inner, max_size=3)),
    max_leaves=5,
)
ANY = st.one_of(JSON, TIMES, EMAILS, UUIDS)
PLACES = [
    "messageId", "anonymousId", "userId", "type", "event", "timestamp", "sentAt", "context", "context/page",
    "context/device/type", "context/location/country", "context/traits", "properties", "properties/revenue_cents",
    "properties/quantity", "properties/currency", "traits",
]  # fmt: skip


def changed(record: dict, place: str, value: object) -> dict:
    return put(record, place.split("/"), value)


def assert_agreement(name: str, value: object) -> None:
    described = contract(name)
    errors = list(described.reference(described.fields).iter_errors(value))
    reasons = described.validate(value)
    assert (errors == []) == (reasons == []) == described.is_valid(value)
    assert {reason.rule for reason in reasons} <= {error.validator for error in errors}


@settings(GENERATED, max_examples=400)
@given(place=st.sampled_from(PLACES), value=ANY)
def test_both_implementations_agree_on_events_with_any_value_anywhere(place, value):
    assert_agreement("clickstream_event.v1", changed(EVENT, place, value))


@settings(GENERATED, max_examples=400)
@given(place=st.sampled_from(sorted(CUSTOMER)), value=ANY)
def test_both_implementations_agree_on_customers_with_any_value_anywhere(place, value):
    assert_agreement("customer.v1", changed(CUSTOMER, place, value))


@settings(GENERATED, max_examples=150)
@given(name=st.sampled_from(sorted(contract_names())), value=JSON)
def test_both_implementations_agree_on_any_json(name, value):
    assert_agreement(name, value)


@settings(GENERATED, max_examples=300)
@given(email=EMAILS, day=st.one_of(TIMES.map(lambda t: t[:10]), NEARLY), moment=TIMES)
def test_both_implementations_agree_on_nearly_valid_formats(email, day, moment):
    for place, value in {"email": email, "birth_on": day, "updated_at": moment}.items():
        assert_agreement("customer.v1", changed(CUSTOMER, place, value))


def test_a_value_that_only_the_fast_implementation_rejects_is_rejected_with_its_reason():
    described = Contract("odd.v1", {"type": "object", "properties": {"at": {"type": "string"}}})
    described._fast = jsonschema_rs.Draft202012Validator(
        {"properties": {"at": {"format": "date"}}}, validate_formats=True
    )
    assert described.validate({"at": "secret"}) == [Reason("/at", "format", "off contract")]


def test_an_address_whose_punycode_is_off_is_rejected_although_the_reference_takes_it():
    customer = changed(CUSTOMER, "email", "ada@xn--zzzzzz99999.example")
    assert contract("customer.v1").reference(frozenset({"email"})).is_valid(customer)
    assert contract("customer.v1").validate(customer) == [Reason("/email", "format", "off contract")]


def test_reasons_name_place_rule_and_expectation():
    event = changed(changed(EVENT, "properties/revenue_cents", "much"), "type", "click")
    assert contract("clickstream_event.v1").validate(event) == [
        Reason("/properties/revenue_cents", "type", "expected integer or null"),
        Reason("/type", "enum", "expected track or page or screen or identify or alias or group"),
    ]


def test_each_missing_field_is_a_reason_of_its_own():
    reasons = contract("customer.v1").validate({})
    assert [(r.pointer, r.rule) for r in reasons] == [
        ("/customer_id", "required"), ("/created_at", "required"), ("/updated_at", "required"),
    ]  # fmt: skip


@settings(GENERATED, max_examples=200)
@given(place=st.sampled_from(PLACES), secret=st.text(alphabet="xyzäö", min_size=12, max_size=300))
def test_reasons_never_tell_the_value(place, secret):
    reasons = contract("clickstream_event.v1").validate(changed(EVENT, place, secret))
    assert secret not in str(reasons)


def test_a_record_with_many_faults_has_at_most_twenty_reasons():
    wrong = {field: [] for field in contract("transaction.v1").schema["properties"]}
    assert 10 < len(contract("transaction.v1").validate(wrong)) <= 20


@pytest.mark.parametrize("name", ["", "customer", "customer.v9", "../../etc", "examples", "customer.v1.json", "\0"])
def test_a_contract_that_is_not_published_is_an_error(name):
    with pytest.raises(UnknownContractError, match="published are"):
        contract(name)
    assert dataset_of(name) == "unknown"


def test_a_row_of_text_is_typed_by_its_contract():
    row = {"customer_id": " C1 ", "has_marketing_consent": "TRUE", "phone": "0151", "email": "", "tier": "gold"}
    assert contract("customer.v1").typed(row) == {
        "customer_id": "C1", "has_marketing_consent": True, "phone": "0151", "tier": "gold",
    }  # fmt: skip


@pytest.mark.parametrize("text", ["1.0", "1e3", "1_000", "+5", "٣", "0x10", "9" * 19, "9" * 5000, "five", "1 000"])
def test_text_that_is_no_plain_integer_stays_text_and_breaks_the_contract(text):
    typed = contract("product.v1").typed({"price_cents": text})
    assert typed == {"price_cents": text}
    assert Reason("/price_cents", "type", "expected integer") in contract("product.v1").validate(typed)


def test_integers_written_as_floats_become_integers_wherever_the_contract_says_integer():
    event = changed(changed(EVENT, "properties/revenue_cents", 7990.0), "properties/price", 79.0)
    properties = contract("clickstream_event.v1").with_integers(event)["properties"]
    assert type(properties["revenue_cents"]) is int
    assert type(properties["price"]) is float


def test_the_slow_implementation_is_loaded_only_to_explain():
    code = (
        "import sys; from cdp.contracts import contract; contract('customer.v1').validate("
        "{'customer_id': 'C', 'created_at': '2026-03-01T10:00:00Z', 'updated_at': '2026-03-01T10:00:00Z'}); "
        "sys.exit('jsonschema' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
