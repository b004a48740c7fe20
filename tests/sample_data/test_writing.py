"""Same bytes for the same seed, exact sizes, and an answer key that the files bear out."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from collections import Counter
from datetime import date, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from cdp.records import Rejected
from sample_data import campaigns
from sample_data.world import Sizes, World
from sample_data.writing import write_day

ROOT = Path(__file__).resolve().parents[2]
SMALL = ["--customers", "60", "--products", "9", "--transactions", "300", "--events", "700"]
KEYS = {
    "customer": ("customer_id", "updated_at"),
    "product": ("product_id", "updated_at"),
    "transaction": ("transaction_id", "line_number", "updated_at"),
    "clickstream_event": ("messageId",),
    "support_ticket": ("ticket_id", "updated_at"),
    "campaign": ("campaign_id", "updated_at"),
    "campaign_contact": ("contact_id",),
    "consent": ("consent_id",),
}


def digest_of(out: Path, hash_seed: str, *options: str) -> str:
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "LC_ALL": "C", "TZ": "Asia/Tokyo"}
    for day in ("1", "2"):
        command = [sys.executable, "-m", "sample_data", "--out", str(out), "--day", day, *SMALL, *options]
        subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True, timeout=60)
    return sha256(b"".join(name.encode() + content for name, content in contents(out))).hexdigest()


def contents(out: Path) -> list[tuple[str, bytes]]:
    """Every file's name and what it says: a compressed one may have other bytes on another processor."""
    found = []
    for path in sorted(path for path in out.rglob("*") if path.is_file()):
        content = path.read_bytes()
        if path.suffix == ".gz":
            content = gzip.decompress(content)
        elif path.suffix == ".parquet":
            content = json.dumps(pq.read_table(path).to_pylist()).encode()
        found.append((str(path.relative_to(out)), content))
    return found


@pytest.mark.slow
def test_the_same_seed_gives_the_same_bytes_in_every_process(tmp_path: Path) -> None:
    assert digest_of(tmp_path / "a", "1") == digest_of(tmp_path / "b", "2")


@pytest.mark.slow
def test_two_processes_write_the_bytes_that_one_writes(tmp_path: Path) -> None:
    world = World(7, Sizes(200, 50, 500, 22_000), date(2026, 3, 2))
    rates = {"duplicate": 0.01, "malformed": 0.002, "out_of_order": 0.05}
    for processes in (1, 2):
        write_day(world, 1, tmp_path / str(processes), rates, processes)
    one, two = (
        {str(f.relative_to(tmp_path / name)): f.read_bytes() for f in (tmp_path / name).rglob("*") if f.is_file()}
        for name in ("1", "2")
    )
    assert one == two


@pytest.mark.slow
def test_another_seed_gives_another_world(tmp_path: Path) -> None:
    assert digest_of(tmp_path / "a", "1") != digest_of(tmp_path / "b", "1", "--seed", "8")


def test_every_machine_gives_these_bytes(tmp_path: Path) -> None:
    assert digest_of(tmp_path, "1")[:16] == "e33667211cb90d2c", "put the new digest here if the generator was changed"


def test_day_one_has_exactly_the_sizes_asked_for(day_one: Any, world: World) -> None:
    sizes = [*world.sizes, world.sizes.tickets, campaigns.COUNT, world.sizes.contacts, world.sizes.consents]
    received = [day_one.expected[dataset]["received"] for dataset in KEYS]
    assert received == sizes
    assert Counter(record.dataset for record in day_one.received) == dict(zip(KEYS, sizes, strict=True))


def test_day_one_is_all_accepted_and_keeps_its_contracts(day_one: Any) -> None:
    assert [record for record in day_one.received if isinstance(record.value, Rejected)] == []
    assert day_one.faults == []
    for fates in day_one.expected.values():
        assert fates["ingest"]["accepted"] == fates["clean"]["accepted"] == fates["received"]


@pytest.mark.parametrize("number", [1, 2])
def test_expected_fates_add_up(days: Any, number: int) -> None:
    for fates in days(number).expected.values():
        assert fates["received"] == sum(fates["ingest"].values())
        assert fates["ingest"]["accepted"] == sum(fates["clean"].values())


def test_ingestion_rejects_what_the_answer_key_says_and_nothing_else(day_two: Any) -> None:
    wanted = {(fault["file"], fault["record"]) for fault in day_two.faults if fault["stage"] == "ingest"}
    rejected = {(r.file, r.number) for r in day_two.received if isinstance(r.value, Rejected)}
    assert rejected == wanted
    for dataset, fates in day_two.expected.items():
        of_dataset = [record for record in day_two.received if record.dataset == dataset]
        assert len(of_dataset) == fates["received"]
        assert sum(isinstance(r.value, Rejected) for r in of_dataset) == fates["ingest"]["quarantined"]


def contradicts_itself(dataset: str, value: dict[str, Any]) -> bool:
    """Half a customer is named, or nobody did it, or a track call has no name: no row of clean may say so."""

    def says(name: str) -> bool:
        return bool((value.get(name) or "").strip())

    if dataset == "clickstream_event":
        return not (says("anonymousId") or says("userId")) or (value["type"] == "track" and not says("event"))
    return dataset not in ("customer", "product", "campaign") and says("customer_id") != says("customer_source")


@pytest.mark.parametrize("dataset", ["customer", "product", "transaction", "campaign", "campaign_contact", "consent"])
def test_clean_fates_of_day_two_follow_from_the_primary_keys(day_one: Any, day_two: Any, dataset: str) -> None:
    known = {key_of(r) for r in day_one.received if r.dataset == dataset}
    kept = [r for r in day_two.received if r.dataset == dataset and isinstance(r.value, dict)]
    keys = [key_of(r) for r in kept if not contradicts_itself(dataset, r.value)]
    assert len(kept) - len(keys) == day_two.expected[dataset]["clean"]["quarantined"]
    assert len({*keys} - known) == day_two.expected[dataset]["clean"]["accepted"]
    assert len(keys) - len({*keys} - known) == day_two.expected[dataset]["clean"]["duplicate"]


def test_clean_fates_of_tickets_follow_from_primary_keys_and_times(day_one: Any, day_two: Any) -> None:
    known = {key_of(r) for r in day_one.received if r.dataset == "support_ticket"}
    tickets = [r for r in day_two.received if r.dataset == "support_ticket" and isinstance(r.value, dict)]
    future = [r for r in tickets if r.value["opened_at"] > "2026-03-04"]
    halves = [r for r in tickets if contradicts_itself("support_ticket", r.value)]
    assert (len(future), len(halves), day_two.expected["support_ticket"]["clean"]["quarantined"]) == (1, 1, 2)
    keys = {key_of(r) for r in tickets if r not in future + halves}
    assert len(keys - known) == day_two.expected["support_ticket"]["clean"]["accepted"]


def test_clean_fates_of_events_follow_from_ids_and_times(day_one: Any, day_two: Any) -> None:
    received_at = datetime.fromisoformat("2026-03-03T02:00:00+00:00")
    known = {event["messageId"] for event in day_one.rows("clickstream_event")}
    fates: Counter[str] = Counter()
    for event in day_two.rows("clickstream_event"):
        at = datetime.fromisoformat(event["timestamp"])
        is_late, is_future = at < received_at - timedelta(days=30), at > received_at + timedelta(days=1)
        is_unclean = is_future or contradicts_itself("clickstream_event", event)
        is_known = event["messageId"] in known
        fates["late_held" if is_late else "quarantined" if is_unclean else "duplicate" if is_known else "accepted"] += 1
        known.add(event["messageId"])
    assert fates == day_two.expected["clickstream_event"]["clean"]


@pytest.mark.parametrize("number", [1, 2])
def test_every_record_has_its_answer_by_file_and_place_and_by_record_id(days: Any, number: int) -> None:
    answers = {(answer["file"], answer["record"]): answer for answer in days(number).answers}
    assert len(answers) == len(days(number).answers) == len(days(number).received)
    for record in days(number).received:
        answer = answers[record.file, record.number]
        assert (answer["record_id"], answer["source"]) == (record.record_id, record.source)
        assert answer["dataset"] == record.dataset
        if isinstance(record.value, Rejected):
            assert answer["reason"] in {f"{reason.pointer} {reason.rule}" for reason in record.value.reasons}


def test_copies_of_events_are_exact(day_one: Any, day_two: Any) -> None:
    first = set((day_one.folder / "stream/events.jsonl").read_bytes().split(b"\n"))
    second = (day_two.folder / "stream/events.jsonl").read_bytes().split(b"\n")
    copies = [fault["record"] for fault in day_two.faults if fault["fault"] == "delivered again"]
    assert len(copies) == 30
    assert all(second[number - 1] in first for number in copies)


def test_no_line_of_the_stream_holds_more_than_one_record(day_two: Any) -> None:
    assert len([r for r in day_two.received if r.source == "web"]) == sum(
        day_two.expected[dataset]["received"] for dataset in ("clickstream_event", "unknown")
    )


def test_a_day_that_does_not_exist_is_refused(world: World, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="day 1 or day 2"):
        write_day(world, 3, tmp_path)


def key_of(record: Any) -> tuple[Any, ...]:
    source = (record.source,) if record.dataset == "customer" else ()
    return (*source, *(record.value[name] for name in KEYS[record.dataset]))
