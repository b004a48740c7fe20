"""Read by column or record by record: the same rows, the same quarantine, the same records held."""

import json
from pathlib import Path

import orjson
import pytest

from cdp.clean import clean
from cdp.clean_judged import clean_judged
from cdp.clean_layout import LAYOUTS
from cdp.contracts import contract, contract_names
from cdp.records import Rejected, parse
from tests.raw_lines import RECORDS, line, raw_line

EXAMPLES = Path(__file__).resolve().parents[2] / "data_quality/records/examples"
FLAT = sorted(LAYOUTS.keys() - {"clickstream_event"})


def agreed(dataset, *lines):
    """What both make of some lines."""
    batch = clean_judged(dataset, b"".join(lines), "run")
    assert batch is not None
    assert batch == clean(dataset, lines, "run")
    return batch


def changed(envelope_line: bytes, **changes: object) -> bytes:
    return orjson.dumps({**orjson.loads(envelope_line), **changes}, option=orjson.OPT_APPEND_NEWLINE)


def as_row(dataset, **changes):
    """A line of raw as it comes from a CSV file: all text."""
    values = RECORDS[dataset] | changes
    text = {name: "" if value is None else str(value) for name, value in values.items()}
    return changed(raw_line(dataset, json.dumps(text).encode()), format="csv_row")


@pytest.mark.parametrize("name", sorted(contract_names()))
def test_every_example_that_keeps_its_contract(name):
    dataset, version = name.split(".")
    payloads = [file.read_bytes() for file in sorted(EXAMPLES.glob(f"{name}.*.pass.json"))]
    lines = [raw_line(dataset, payload, version=version) for payload in payloads]
    assert lines
    by_arrow = [text for text in lines if clean_judged(dataset, text, "run") is not None]
    assert len(by_arrow) > len(lines) * 0.8
    assert agreed(dataset, *by_arrow).received == len(by_arrow)


@pytest.mark.parametrize("dataset", FLAT)
def test_rows_of_files(dataset):
    emptied = dict.fromkeys(RECORDS[dataset], "")
    rows = [as_row(dataset), as_row(dataset, **dict.fromkeys(list(emptied)[2:4], " "))]
    rows += [as_row(dataset, **{name: f" {value}\t"}) for name, value in RECORDS[dataset].items()]
    rows += [as_row(dataset, **{name: None}) for name in RECORDS[dataset]]
    kept = [row for row in rows if not isinstance(parse(orjson.loads(row)), Rejected)]
    assert len(agreed(dataset, *kept).rows) > len(RECORDS[dataset])


@pytest.mark.parametrize(("text", "read"), [("TRUE", True), ("0", False), (" false", False), ("1", True)])
def test_a_boolean_of_a_file(text, read):
    assert agreed("product", as_row("product", is_active=text)).rows["is_active"].to_pylist() == [read]


@pytest.mark.parametrize("text", ["007", "-0", " 12 ", "999999999"])
def test_a_whole_number_of_a_file(text):
    assert agreed("product", as_row("product", price_cents=text)).rows["price_cents"].to_pylist() == [int(text)]


@pytest.mark.parametrize("written", ["\u2003x\x1f", "\u00e9\u0301", "\U0001f600", "a\nb", "\u0085", '"\\"', "\ufeff"])
@pytest.mark.parametrize("as_line", [line, as_row])
def test_text_of_any_script(as_line, written):
    agreed("product", as_line("product", name=f"a{written}"), as_line("product", brand=written, product_id="P2"))


def test_rows_of_files_between_other_records_keep_their_places():
    ids = [f"P{number}" for number in range(6)]
    lines = [(line, as_row)[number % 3 == 1]("product", product_id=id) for number, id in enumerate(ids)]
    assert agreed("product", *lines).rows["product_id"].to_pylist() == ids


def test_a_payload_over_several_lines():
    payload = json.dumps(RECORDS["clickstream_event"], indent=2).encode()
    assert len(agreed("clickstream_event", raw_line("clickstream_event", payload), line("clickstream_event")).rows) == 2


def test_what_only_a_later_version_describes_means_nothing_in_an_older_one():
    payload = json.dumps(RECORDS["transaction"] | {"coupon_code": "SPRING"}).encode()
    lines = [raw_line("transaction", payload, version=version) for version in ("v1", "v2", "v1")]
    assert agreed("transaction", *lines).rows["coupon_code"].to_pylist() == [None, "SPRING", None]


def test_records_that_name_half_a_customer_or_nobody():
    halves = {"customer_source": None}, {"customer_id": None}, {"customer_source": " "}
    assert len(agreed("transaction", line("transaction"), *(line("transaction", **h) for h in halves)).quarantined) == 3
    blank = as_row("consent", customer_id=" "), as_row("consent", customer_source="", customer_id=""), line("consent")
    agreed("consent", *(row for row in blank if row is not blank[-1]))
    nobody = line("clickstream_event", anonymousId=None, userId=" "), line("clickstream_event", event="\t")
    assert len(agreed("clickstream_event", *nobody).quarantined) == 2


def test_records_of_the_future_late_ones_and_those_a_steward_takes_late():
    old = line("clickstream_event", timestamp="1999-01-01T00:00:00Z")
    ahead = line("clickstream_event", timestamp="2999-01-01T00:00:00Z")
    taken = changed(old, accepts="late", replay_of="x", fix="y")
    batch = agreed("clickstream_event", old, ahead, line("clickstream_event"), taken, old)
    assert (len(batch.rows), len(batch.quarantined), len(batch.held)) == (2, 1, 2)


def test_what_is_required_and_says_nothing_is_quarantined():
    batch = agreed("product", line("product"), line("product", product_id=" "))
    assert (len(batch.rows), len(batch.quarantined)) == (1, 1)


GOOD = line("product")
ODD = {
    "a whole number with a point": line("product", price_cents=2.0),
    "a key named twice": raw_line("product", json.dumps(RECORDS["product"]).encode()[:-1] + b',"name":"Other"}'),
    "text where a number belongs": line("product", price_cents="2"),
    "a year no calendar has": line("product", updated_at="0000-01-01T00:00:00Z"),
    "a payload that is no text": changed(GOOD, format="base64"),
    "no payload": changed(GOOD, payload=""),
    "two payloads": changed(GOOD, payload="{} {}"),
    "two payloads beside rows of a file": changed(GOOD, payload="{} {}") + as_row("product"),
    "a list": changed(GOOD, payload="[]"),
    "another dataset": line("customer"),
    "a contract that is not published": changed(GOOD, contract="product.v99"),
    "no source": changed(GOOD, source=None),
    "a time that is none": changed(GOOD, received_at="yesterday"),
    "an empty line": b"\n",
    "no JSON": b"{\n",
    "no object": b"[]\n",
}


@pytest.mark.parametrize("odd", ODD)
def test_what_arrow_does_not_read_as_python_does_is_left_to_it(odd):
    assert clean_judged("product", GOOD + ODD[odd] + GOOD, "run") is None


def test_a_day_that_only_arrow_knows_is_left_to_python():
    payload = json.dumps(RECORDS["customer"] | {"birth_on": "0000-01-01"}).encode()
    assert clean_judged("customer", raw_line("customer", payload), "run") is None


def test_a_nested_record_as_a_row_of_a_file_is_left_to_python():
    row = changed(line("clickstream_event"), format="csv_row")
    assert clean_judged("clickstream_event", row, "run") is None


@pytest.mark.parametrize("dataset", LAYOUTS)
def test_a_column_of_whole_numbers_has_a_contract_that_demands_them(dataset):
    # A row of a file is text: what its contract leaves as text must not become a number here.
    for named in (contract(name) for name in contract_names() if name.startswith(f"{dataset}.")):
        for field in LAYOUTS[dataset].fields:
            top = field.pointers[0].split("/")[1]
            if str(field.type).startswith("int") and top in named.fields:
                assert {*field.pointers} <= named.integers
