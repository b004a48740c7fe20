"""Lines of raw in; rows, quarantine and held out; each line exactly once."""

import json
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, date, datetime

import orjson
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdp.clean import clean
from cdp.clean_batches import batches, processes
from cdp.clean_layout import LAYOUTS, typed_schema
from cdp.contracts import contract_names, versions
from cdp.dataset import Dataset
from cdp.records import RawLines
from tests.raw_lines import RECORDS, line, raw_line


def only_row(dataset, *lines):
    batch = clean(dataset, lines, "run")
    assert (batch.received, batch.quarantined, batch.held) == (1, [], [])
    return batch.rows.to_pylist()[0]


def only_reason(batch):
    (quarantined,) = batch.quarantined
    (reason,) = orjson.loads(quarantined)["reasons"]
    assert len(batch.rows) == 0
    return reason["pointer"], reason["rule"]


def at(*when):
    return datetime(*when, tzinfo=UTC)


def test_a_customer_is_typed_and_in_normal_form():
    row = only_row("customer", line("customer"))
    del row["record_id"]
    assert row == {
        "source": "shop",
        "source_customer_id": "S000001",
        "updated_at": at(2026, 3, 1, 8),
        "email": "jane.doe@example.com",
        "phone": "+4915112345678",
        "first_name": "Jane",
        "last_name": "Doe",
        "birth_on": date(1990, 2, 28),
        "street": "Hauptstraße 1",
        "postal_code": "10115",
        "city": "Berlin",
        "country": "DE",
        "has_marketing_consent": True,
        "created_at": at(2025, 1, 1, 10),
    }


def test_the_sources_around_the_sale_are_typed_and_in_normal_form():
    ticket = only_row("support_ticket", line("support_ticket"))
    assert (ticket["customer_source"], ticket["source_customer_id"]) == ("shop", "S000001")
    assert (ticket["email"], ticket["satisfaction_score"]) == ("jane.doe@example.com", 4)
    assert (ticket["opened_at"], ticket["resolved_at"]) == (at(2026, 2, 20, 9), at(2026, 2, 21, 8))
    campaign = only_row("campaign", line("campaign"))
    assert (campaign["name"], campaign["starts_on"]) == ("spring sale", date(2026, 2, 1))
    contact = only_row("campaign_contact", line("campaign_contact"))
    assert (contact["contacted_at"], contact["cost_cents"]) == (at(2026, 2, 28, 22, 30), 1)
    consent = only_row("consent", line("consent"))
    assert (consent["is_granted"], consent["proof"]) == (True, "sign-up form, wording 2025-06")


def test_a_row_of_text_is_typed_by_its_contract():
    text = {name: str(value) for name, value in RECORDS["transaction"].items()} | {"coupon_code": ""}
    envelope = orjson.loads(raw_line("transaction", json.dumps(text).encode()))
    row = only_row("transaction", orjson.dumps({**envelope, "format": "csv_row"}))
    assert (row["quantity"], row["unit_price_cents"], row["coupon_code"]) == (2, 1999, None)


def test_an_event_is_read_from_its_nested_places():
    row = only_row("clickstream_event", line("clickstream_event"))
    assert (row["email"], row["phone"]) == ("jane.doe@example.com", "+4915112345678")
    assert (row["campaign_source"], row["device_type"], row["country"]) == ("mail", "mobile", "DE")
    assert (row["product_id"], row["quantity"], row["revenue_cents"]) == ("P001", 2, 3998)


def test_traits_of_the_call_count_before_those_of_the_context():
    row = only_row("clickstream_event", line("clickstream_event", traits={"email": "other@example.com"}))
    assert row["email"] == "other@example.com"


def test_what_says_nothing_usable_is_null_and_the_record_stays():
    row = only_row("customer", line("customer", phone="null", postal_code="n/a", first_name="  ", country="XX"))
    assert [row[name] for name in ("phone", "first_name", "country")] == [None, None, None]


@pytest.mark.parametrize(
    ("written", "instant"),
    [
        ("2026-03-01T10:00:00Z", at(2026, 3, 1, 10)),
        ("2026-03-01T00:30:00+02:00", at(2026, 2, 28, 22, 30)),
        ("2026-02-28T23:30:00-05:30", at(2026, 3, 1, 5)),
        ("2026-03-01T10:00:00.1Z", at(2026, 3, 1, 10, 0, 0, 100_000)),
        ("2026-03-01T10:00:00.123456Z", at(2026, 3, 1, 10, 0, 0, 123_456)),
        ("2026-03-01T10:00:00.123456789Z", at(2026, 3, 1, 10, 0, 0, 123_456)),
        ("1900-01-01T00:00:00+14:00", at(1899, 12, 31, 10)),
    ],
)
def test_a_time_is_read_to_the_microsecond_in_utc(written, instant):
    assert only_row("product", line("product", updated_at=written))["updated_at"] == instant


@given(
    st.datetimes(min_value=datetime(1901, 1, 1), max_value=datetime(2026, 1, 1)),
    st.integers(-14 * 60, 14 * 60),
    st.integers(0, 9),
)
def test_one_odd_time_in_a_batch_changes_no_other(moment, offset, digits):
    sign, minutes = "-" if offset < 0 else "+", abs(offset)
    fraction = f".{moment.microsecond:06d}000"[: digits + 1] if digits else ""
    written = f"{moment:%Y-%m-%dT%H:%M:%S}{fraction}{sign}{minutes // 60:02d}:{minutes % 60:02d}"
    odd = line("product", product_id="odd", updated_at="2026-01-01T00:00:00.123456789Z")
    alone = only_row("product", line("product", updated_at=written))
    together = clean("product", [odd, line("product", updated_at=written)], "run").rows.to_pylist()[1]
    assert alone == together


@pytest.mark.parametrize("dataset", ["customer", "product", "transaction"])
def test_a_record_of_the_future_is_quarantined(dataset):
    kept = clean(dataset, [line(dataset, updated_at="2026-03-03T02:00:00Z")], "run")
    ahead = clean(dataset, [line(dataset, updated_at="2026-03-03T02:00:00.001Z")], "run")
    assert len(kept.rows) == 1
    assert only_reason(ahead) == ("/updated_at", "future")


def test_a_late_event_is_held_and_not_quarantined():
    lines = [line("clickstream_event", timestamp=t) for t in ("2026-01-31T02:00:00Z", "2026-01-31T01:59:59.999Z")]
    batch = clean("clickstream_event", lines, "run-1")
    held = orjson.loads(batch.held[0])
    assert (len(batch.rows), batch.quarantined, len(batch.held)) == (1, [], 1)
    assert (held["run_id"], held["reasons"][0]["rule"]) == ("run-1", "late")
    assert "2026-01-31T01:59:59.999Z" in held["payload"]


def test_an_old_transaction_is_not_late():
    assert only_row("transaction", line("transaction", transaction_at="1999-01-01T00:00:00Z"))


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"not json", ("", "json")),
        (b"[1, 2]", ("", "type")),
        (b"\xff\xfe", ("", "encoding")),
        (json.dumps(RECORDS["product"] | {"price_cents": -1}).encode(), ("/price_cents", "minimum")),
        (json.dumps(RECORDS["product"] | {"price_cents": 10**30}).encode(), ("/price_cents", "maximum")),
        (json.dumps(RECORDS["product"] | {"product_id": " "}).encode(), ("/product_id", "required")),
    ],
)
def test_a_bad_record_of_raw_is_quarantined_with_its_reason(payload, reason):
    assert only_reason(clean("product", [raw_line("product", payload)], "run")) == reason


HALF = {"pointer": "", "rule": "anyOf", "message": "expected customer_id and customer_source together, or neither"}
NAMING = [name for name, layout in LAYOUTS.items() if "customer_source" in (field.column for field in layout.fields)]


@pytest.mark.parametrize("contract", [name for dataset in NAMING for name in versions(dataset)])
@pytest.mark.parametrize("half", [{"customer_source": None}, {"customer_id": None}, {"customer_source": " "}])
def test_half_a_customer_is_quarantined_for_one_reason_whether_or_not_its_contract_says_so(contract, half):
    dataset, version = contract.split(".")
    payload = json.dumps(RECORDS[dataset] | half).encode()
    batch = clean(dataset, [line(dataset), raw_line(dataset, payload, version=version)], "run")
    (quarantined,) = batch.quarantined
    assert orjson.loads(quarantined)["reasons"] == [HALF]
    assert batch.rows["source_customer_id"].to_pylist() == ["S000001"]


@pytest.mark.parametrize(
    ("dataset", "blank", "reason"),
    [
        ("support_ticket", {"customer_id": " "}, ("", "anyOf")),
        ("support_ticket", {"customer_source": ""}, ("", "anyOf")),
        ("campaign_contact", {"customer_id": "\t"}, ("", "anyOf")),
        ("consent", {"customer_source": " "}, ("", "anyOf")),
        ("clickstream_event", {"anonymousId": None, "userId": " "}, ("", "anyOf")),
        ("clickstream_event", {"event": " "}, ("/event", "required")),
    ],
)
def test_blank_text_that_leaves_a_gate_s_demand_unmet_is_quarantined(dataset, blank, reason):
    assert only_reason(clean(dataset, [line(dataset, **blank)], "run")) == reason


def test_a_record_of_another_dataset_is_quarantined():
    assert only_reason(clean("product", [line("customer")], "run")) == ("/contract", "contract")


ALIENS = [b"{", b"[]", b"null", b"{}", b"\xff\n", b"\n"]
TAMPERED = [(b'00Z"', b'00X"'), (b'"payload"', b'"load"'), (b'"catalogue"', b"7"), (b'"catalogue"', b"null")]


@pytest.mark.parametrize("alien", [*ALIENS, *(line("product").replace(*change) for change in TAMPERED)])
def test_a_line_that_is_no_envelope_is_quarantined_whole(alien):
    batch = clean("product", [alien], "run")
    assert only_reason(batch) == ("", "envelope")
    assert batch.received == 1


def test_what_no_column_can_hold_is_quarantined_where_a_contract_lets_it_pass(monkeypatch):
    monkeypatch.setattr("cdp.clean.parse", lambda envelope: json.loads(envelope["payload"]))
    faults = {
        "line_number": 2**31,
        "unit_price_cents": 2**63,
        "tax_cents": 2.5,
        "quantity": True,
        "product_id": 7,
        "transaction_at": "2016-12-31T23:59:60Z",
        "updated_at": "0001-01-01T00:00:00+14:00",
    }
    lines = [line("transaction", **{name: value}) for name, value in faults.items()]
    batch = clean("transaction", [line("transaction"), *lines, line("transaction")], "run")
    found = [orjson.loads(q)["reasons"] for q in batch.quarantined]
    assert [(r["pointer"], r["rule"]) for (r,) in found] == [(f"/{name}", "type") for name in faults]
    assert len(batch.rows) == 2


def test_a_late_event_with_a_fault_is_quarantined_only(monkeypatch):
    monkeypatch.setattr("cdp.clean.parse", lambda envelope: json.loads(envelope["payload"]))
    faulty = line("clickstream_event", timestamp="1999-01-01T00:00:00Z", sentAt="yesterday")
    batch = clean("clickstream_event", [faulty], "run")
    assert only_reason(batch) == ("/sentAt", "type")
    assert batch.held == []


def test_a_time_may_have_lower_case_letters_where_a_contract_lets_it_pass(monkeypatch):
    monkeypatch.setattr("cdp.clean.parse", lambda envelope: json.loads(envelope["payload"]))
    row = only_row("product", line("product", updated_at="2026-03-01t10:00:00z"))
    assert row["updated_at"] == at(2026, 3, 1, 10)


def test_no_lines_are_no_rows():
    batch = clean("customer", [], "run")
    assert (batch.received, len(batch.rows)) == (0, 0)
    assert batch.rows.schema == typed_schema("customer")


@given(st.lists(st.sampled_from(["good", "bad", "late", "future", "alien"]), max_size=12))
def test_every_line_has_one_fate_in_its_order(kinds):
    lines = {
        "good": line("clickstream_event"),
        "bad": line("clickstream_event", type="jump"),
        "late": line("clickstream_event", timestamp="1999-01-01T00:00:00Z"),
        "future": line("clickstream_event", timestamp="2999-01-01T00:00:00Z"),
        "alien": b"{}",
    }
    batch = clean("clickstream_event", [lines[kind] for kind in kinds], "run")
    counts = [kinds.count(kind) for kind in lines]
    assert batch.received == len(kinds)
    assert [len(batch.rows), len(batch.held)] == [counts[0], counts[2]]
    assert len(batch.quarantined) == counts[1] + counts[3] + counts[4]


def test_processes_give_the_same_batches_in_the_same_order(monkeypatch):
    monkeypatch.setattr("cdp.clean_batches.BATCH_BYTES", 1_000)
    texts = [line("customer", customer_id=f"S{n:06}") if n % 4 else b"{}\n" for n in range(20)]
    lines = [RawLines(text, is_judged=b"payload" in text) for text in texts]
    with processes(1_000_000) as pool:
        by_many = list(batches("customer", lines, "run", pool))
    assert by_many == list(batches("customer", lines, "run"))
    assert len(by_many) > 5
    assert sum(batch.received for batch in by_many) == 20


def test_lines_that_are_judged_and_fit_need_no_process():
    lines = [RawLines(line("customer"), is_judged=True)] * 3
    with ProcessPoolExecutor(1) as closed:
        pass
    (batch,) = batches("customer", lines, "run", closed)
    assert len(batch.rows) == 3
    with pytest.raises(RuntimeError, match="after shutdown"):
        list(batches("customer", [RawLines(line("customer"), is_judged=False)], "run", closed))


def test_a_record_that_arrow_does_not_read_makes_few_others_be_cleaned_one_by_one(monkeypatch):
    one_by_one = []
    monkeypatch.setattr("cdp.clean_batches.PART_BYTES", 1_500)
    monkeypatch.setattr("cdp.clean_batches.clean", lambda *given: one_by_one.extend(given[1]) or clean(*given))
    lines = [line("product", product_id=f"P{n}", price_cents=2.0 if n == 11 else 2) for n in range(64)]
    (batch,) = batches("product", [RawLines(b"".join(lines), is_judged=True)], "run")
    assert batch == clean("product", lines, "run")
    assert lines[11] in one_by_one
    assert len(one_by_one) < 5
    long = line("product", price_cents=2.0, name="long" * 1_000)
    (batch,) = batches("product", [RawLines(lines[0] + long, is_judged=True)], "run")
    assert batch == clean("product", [lines[0], long], "run")


def test_every_record_contract_has_a_layout_and_every_layout_a_table():
    assert {name.split(".")[0] for name in contract_names()} == LAYOUTS.keys()
    for dataset in LAYOUTS:
        table = Dataset.load(f"clean.{dataset}").arrow_schema()
        same = [f for f in typed_schema(dataset) if f.name in table.names]
        assert pa.schema(same) == pa.schema([table.field(f.name) for f in same])
