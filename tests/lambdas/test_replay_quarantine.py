"""Quarantined records come back through the same intake, each once, with their history."""

import json

import orjson
import pytest

from cdp.aws import objects
from cdp.aws.ledger import Ledger
from cdp.clean import clean
from cdp.fix import FixError
from cdp.intake import Intake
from cdp.quarantine import REPLAYS_PREFIX, held_key, quarantine_line
from cdp.records import parse, receive
from cdp.replay import SelectionError
from lambdas import replay_quarantine
from lambdas.replay_quarantine import handler
from tests.lambdas.ingestion import CONTEXT, committed, keys, lines, receipts, stored
from tests.raw_lines import RECORDS

AT = "2026-03-02T02:00:00Z"


def sale(number, **changes):
    return RECORDS["transaction"] | {"transaction_id": f"T{number}", "currency": "€"} | changes


def arrive(cloud, *records, dataset="transaction", source="shop", at=AT, stage="ingest_batch", name="batch"):
    """A batch is ingested, as the functions do it."""
    intake = Intake(stage)
    for record in records:
        payload = record if isinstance(record, bytes) else json.dumps(record).encode()
        intake.add(receive(payload, source=source, contract_name=f"{dataset}.v1", received_at=at, origin=name))
    for receipt in intake.store(cloud, name):
        Ledger(cloud.table("ledger")).put_receipt(receipt)


def replay(select, fix=None, **more):
    event = {"select": select, **({"fix": {"name": "euro", **fix}} if fix else {}), **more}
    while not event.get("is_done"):
        event = handler(event, CONTEXT)
    return event["selected"], event["accepted"], event["quarantined"]


EURO = {"map": {"/currency": {"€": "EUR"}}}


def test_a_fixed_record_lands_in_raw_with_a_receipt_and_leads_back_to_what_it_was(cloud):
    arrive(cloud, sale(1))
    (kept,) = stored(cloud, "quarantine")
    assert replay({"dataset": "transaction"}, EURO) == (1, 1, 0)
    (raw,) = stored(cloud, "raw")
    assert parse(raw)["currency"] == "EUR"
    assert raw["replay_of"] == kept["record_id"] != raw["record_id"]
    assert [raw[k] for k in ("received_at", "source", "origin", "fix")] == [AT, "shop", "batch", "euro"]
    assert committed(cloud) == [raw["record_id"]]
    (receipt,) = [r for r in receipts(cloud) if r.stage == "replay_quarantine"]
    assert (receipt.dataset, receipt.received, receipt.accepted) == ("transaction", 1, 1)


def test_a_record_is_what_it_would_have_been_had_it_arrived_fixed(cloud):
    arrive(cloud, sale(1))
    replay({"dataset": "transaction"}, EURO)
    (raw,) = stored(cloud, "raw")
    arrived = receive(
        orjson.dumps(sale(1, currency="EUR")), source="shop", contract_name="transaction.v1", received_at=AT, origin="x"
    )
    assert raw["record_id"] == arrived.envelope["record_id"]


def test_replaying_again_makes_no_second_object_and_no_second_receipt(cloud):
    arrive(cloud, sale(1), sale(2))
    replay({"dataset": "transaction"}, EURO)
    before = keys(cloud.bucket("raw")), committed(cloud), receipts(cloud)
    replay({"reason": "pattern"}, EURO)
    assert (keys(cloud.bucket("raw")), committed(cloud), receipts(cloud)) == before


def test_the_history_says_when_by_which_fix_and_as_what_without_a_payload(cloud):
    arrive(cloud, sale(1))
    replay({"dataset": "transaction"}, EURO)
    (key,) = keys(cloud.bucket("quarantine"), REPLAYS_PREFIX)
    (entry,) = lines(cloud.bucket("quarantine"), key)
    assert entry["replay_id"] in key
    assert (entry["fix"], entry["outcome"], entry["stage"]) == ("euro", "accepted", "ingest_batch")
    assert entry["replayed_as"] == stored(cloud, "raw")[0]["record_id"]
    assert "payload" not in entry


def test_what_still_breaks_its_contract_is_quarantined_again_and_counted(cloud):
    arrive(cloud, sale(1), sale(2, quantity=0))
    assert replay({"dataset": "transaction"}, EURO) == (2, 1, 1)
    again = [line for line in stored(cloud, "quarantine") if line["stage"] == "replay_quarantine"]
    assert [reason["pointer"] for reason in again[0]["reasons"]] == ["/quantity"]
    assert again[0]["replay_of"] != again[0]["record_id"]


def test_a_second_fix_leads_back_to_the_record_that_arrived(cloud):
    arrive(cloud, sale(1, quantity=0))
    (first,) = stored(cloud, "quarantine")
    replay({"dataset": "transaction"}, EURO)
    replay({"stage": "replay_quarantine"}, {"map": {"/quantity": {"0": 1}}})
    (raw,) = stored(cloud, "raw")
    assert raw["replay_of"] == first["record_id"]


@pytest.mark.parametrize(
    ("select", "found"),
    [
        ({"dataset": "transaction"}, 3),
        ({"dataset": "product"}, 0),
        ({"source": "store"}, 1),
        ({"reason": "pattern"}, 3),
        ({"reason": "enum"}, 1),
        ({"stage": "ingest_stream"}, 0),
        ({"since": "2026-03-03"}, 1),
        ({"until": "2026-03-02"}, 2),
        ({"since": "2026-03-02", "until": "2026-03-02", "source": "shop"}, 1),
    ],
)
def test_records_are_selected_by_dataset_reason_source_stage_and_date(cloud, select, found):
    arrive(cloud, sale(1), name="a")
    arrive(cloud, sale(2, channel="smoke"), source="store", name="b")
    arrive(cloud, sale(3), at="2026-03-03T02:00:00Z", name="c")
    assert replay(select, EURO)[0] == found


def test_one_record_by_hand(cloud):
    arrive(cloud, b"not json at all", sale(2))
    broken = next(line for line in stored(cloud, "quarantine") if line["payload"] == "not json at all")
    edited = orjson.dumps({"record_id": broken["record_id"], "payload": sale(1, currency="EUR")})
    objects.put_lines(cloud.bucket("quarantine"), "fixes/a.jsonl.gz", [edited + b"\n"])
    assert replay({"dataset": "transaction"}, {}, edited="fixes/a.jsonl.gz") == (1, 1, 0)
    assert stored(cloud, "raw")[0]["replay_of"] == broken["record_id"]


def test_a_late_record_that_was_held_is_accepted_by_its_replay(cloud):
    late = RECORDS["clickstream_event"] | {"timestamp": "2025-12-01T00:00:00Z"}
    record = receive(
        json.dumps(late).encode(), source="web", contract_name="clickstream_event.v1", received_at=AT, origin="x"
    )
    (held,) = clean("clickstream_event", [orjson.dumps(record.envelope)], "run-1").held
    objects.put_lines(cloud.bucket("quarantine"), held_key("clickstream_event", AT, "run-1"), [held])
    assert replay({"dataset": "clickstream_event"}) == (0, 0, 0)
    assert replay({"is_held": True}) == (1, 1, 0)
    (raw,) = stored(cloud, "raw")
    batch = clean("clickstream_event", [orjson.dumps(raw)], "run-2")
    assert (batch.rows.num_rows, batch.held) == (1, [])
    assert raw["record_id"] == record.envelope["record_id"]


def test_a_record_that_names_a_contract_published_since_is_taken(cloud):
    named = RECORDS["product"] | {"contract": "product.v1"}
    record = receive(
        json.dumps(named).encode(),
        source="web",
        contract_name="unknown",
        received_at=AT,
        origin="x",
    )
    line = quarantine_line(record.envelope, record.value, stage="ingest_stream")
    objects.put_lines(
        cloud.bucket("quarantine"), f"records/stage=ingest_stream/dataset=unknown/date={AT[:10]}/a.jsonl.gz", [line]
    )
    assert replay({"dataset": "unknown"}) == (1, 1, 0)
    assert stored(cloud, "raw")[0]["contract"] == "product.v1"


def test_many_records_come_back_in_parts(cloud, monkeypatch):
    monkeypatch.setattr(replay_quarantine, "PART_RECORDS", 1)
    for number in range(3):
        arrive(cloud, sale(number), name=f"b{number}")
    first = handler({"select": {"dataset": "transaction"}, "fix": {"name": "euro", **EURO}}, CONTEXT)
    assert (first["selected"], first["is_done"]) == (1, False)
    assert replay({"dataset": "transaction"}, EURO) == (3, 3, 0)
    assert len(set(committed(cloud))) == 3


def test_a_replay_that_dies_before_its_receipt_left_nothing_that_counts(cloud, monkeypatch):
    arrive(cloud, sale(1))
    with monkeypatch.context() as broken:
        broken.setattr(Ledger, "put_receipt", lambda *_: (_ for _ in ()).throw(OSError("down")))
        with pytest.raises(OSError, match="down"):
            replay({"dataset": "transaction"}, EURO)
    assert committed(cloud) == []
    replay({"dataset": "transaction"}, EURO)
    assert len(committed(cloud)) == 1


@pytest.mark.parametrize("select", [None, {}, {"datset": "x"}, {"dataset": ""}])
def test_a_replay_has_to_say_what(cloud, select):
    with pytest.raises(SelectionError):
        handler({"select": select}, CONTEXT)


def test_a_fix_that_is_none_replays_nothing(cloud):
    arrive(cloud, sale(1))
    with pytest.raises(FixError):
        replay({"dataset": "transaction"}, {"rename": {"a": "b"}})
    assert stored(cloud, "raw") == []
