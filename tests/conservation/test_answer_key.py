"""What becomes of every single record is what the answer key says, and what a steward then repairs becomes a row."""

import orjson
import pytest

from cdp.aws import objects
from cdp.aws.lake import Lake
from operations.backfill import backfill
from operations.history import ending
from operations.quarantine import connect
from sample_data.answer_key import record_id
from tests.conservation.platform import Platform
from tests.lambdas.ingestion import keys, lines

pytestmark = pytest.mark.slow


def ids_below(platform: Platform, prefix: str) -> set[str]:
    bucket = platform.settings.bucket("quarantine")
    return {line["record_id"] for key in keys(bucket, prefix) for line in lines(bucket, key)}


def answered(records, *fates: str) -> set[str]:
    return {record_id(r.source, r.payload) for r in records if r.fate.split(" ")[0] in fates}


def test_every_record_met_the_fate_that_the_answer_key_says(platform, records):
    platform.deliver(records)
    assert platform.run() == "SUCCEEDED", platform.error
    clean = [row["record_id"] for name, rows in platform.tables().items() if name.startswith("clean.") for row in rows]
    assert ids_below(platform, "records/") == answered(records, "quarantined")
    assert ids_below(platform, "held/") == answered(records, "late_held")
    assert len(clean) == len(set(clean)) == sum(r.fate == "accepted" for r in records)
    # Of two records with one key the smaller id stays, whichever the key calls the duplicate.
    assert set(clean) <= answered(records, "accepted", "duplicate")
    repaired_by_rule_and_by_hand_and_cleaned_once_more(platform)


def repaired_by_rule_and_by_hand_and_cleaned_once_more(platform):
    """Two faults of sales are repaired and the whole period goes through the next run again, beside it."""
    before = platform.tables()
    quarantine = connect(platform.settings.bucket("quarantine"))
    (sign,), (words,) = (
        quarantine.execute(
            "select record_id from quarantine where dataset = 'transaction' and source = 'shop'"
            " and list_contains(pointers, $1) and list_contains(rules, $2)",
            fault,
        ).fetchone()
        for fault in (["/currency", "pattern"], ["/quantity", "type"])
    )
    rule = {"name": "euro", "map": {"/currency": {"€": "EUR"}}}
    assert platform.replay(select={"record_ids": [sign]}, fix=rule)["accepted"] == 1
    (payload,) = quarantine.execute("select payload from quarantine where record_id = $1", [words]).fetchone()
    edited = {"record_id": words, "payload": orjson.loads(payload) | {"quantity": "2"}}
    objects.put_lines(platform.settings.bucket("quarantine"), "fixes/quantity.jsonl.gz", [orjson.dumps(edited)])
    by_hand = {"select": {"dataset": "transaction"}, "fix": {"name": "by hand"}, "edited": "fixes/quantity.jsonl.gz"}
    assert platform.replay(**by_hand)["accepted"] == 1
    assert backfill(platform.ledger, "2026-03-01", "2026-03-09") > 0

    assert platform.run() == "SUCCEEDED", platform.error
    after = platform.tables()
    sold = {
        name: {row["transaction_id"] for row in tables["warehouse.fact_sales"]}
        for name, tables in (("before", before), ("after", after))
    }
    came = {orjson.loads(payload)["transaction_id"]}
    (payload,) = quarantine.execute("select payload from quarantine where record_id = $1", [sign]).fetchone()
    came.add(orjson.loads(payload)["transaction_id"])
    assert sold["after"] - sold["before"] == came
    assert len(after["warehouse.fact_sales"]) == len(before["warehouse.fact_sales"]) + 2
    # The backfill alone changes nothing.
    same = [name for name in before if name.startswith("clean.") and name != "clean.transaction"]
    assert {name: after[name] for name in same} == {name: before[name] for name in same}
    replayed = connect(platform.settings.bucket("quarantine"))
    for repaired in (sign, words):
        events = list(ending(replayed, repaired, platform.ledger, Lake(platform.settings)))
        assert [event.endswith("it is a row of clean.transaction") for _, event in events] == [True]
