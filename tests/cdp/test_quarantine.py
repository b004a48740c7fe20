import json
from pathlib import Path

from cdp.quarantine import quarantine_key, quarantine_line
from cdp.records import Envelope, rejected

TABLE = json.loads((Path(__file__).resolve().parents[2] / "terraform/platform.json").read_text())["external_table"][
    "record"
]


def test_as_a_table_quarantine_has_a_column_for_every_field_of_a_line():
    envelope = dict.fromkeys(Envelope.__annotations__, "")
    line = json.loads(quarantine_line(envelope, rejected("type", "expected a number"), stage="clean_raw", run_id="r"))
    assert {*TABLE["columns"], "stage"} == line.keys()
    assert all(f"{name}:" in TABLE["columns"]["reasons"] for name in line["reasons"][0])


def test_as_a_table_quarantine_is_partitioned_as_its_keys_are():
    folder, *partitions, _ = quarantine_key("clean_raw", "product", "2026-03-02T02:30:00Z", "r-00000").split("/")
    assert folder == TABLE["folder"]
    assert [part.partition("=")[0] for part in partitions] == TABLE["partition_keys"]
