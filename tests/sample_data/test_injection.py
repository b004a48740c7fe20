"""Faults on request: exactly as many as asked for, and each becomes what the answer key says of it."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from cdp.records import Rejected
from sample_data.injection import ADDS, InjectionError
from sample_data.requested_faults import MENU
from sample_data.world import Sizes, World
from sample_data.writing import write_day
from tests.sample_data.conftest import Day
from tests.sample_data.test_writing import key_of

RATE = 0.01
SIZES = Sizes(customers=1_000, products=100, transactions=1_000, events=2_000)
RECEIVED_AT = datetime.fromisoformat("2026-03-02T02:00:00+00:00")


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Day:
    out = tmp_path_factory.mktemp("injected")
    write_day(World(7, SIZES, date(2026, 3, 2)), 1, out, dict.fromkeys(MENU, RATE))
    return Day(out / "day=1")


def test_exactly_rate_times_size_of_the_records_have_each_fault(day: Day) -> None:
    found = Counter((a["dataset"], a["fault"]) for a in day.faults)
    added = Counter(a["dataset"] for a in day.faults if a["fault"] in ADDS)
    size = Counter(a["dataset"] for a in day.answers)
    size.subtract(added)
    json_files = Counter(a["dataset"] for a in day.answers if ".csv" not in a["file"])
    json_files.subtract(Counter(a["dataset"] for a in day.faults if a["fault"] in ADDS and ".csv" not in a["file"]))
    for name, fault in MENU.items():
        for dataset in size:
            if fault.only and dataset not in fault.only:
                assert (dataset, name) not in found
            else:
                records = json_files[dataset] if fault.needs_json else size[dataset]
                assert found[dataset, name] == int(RATE * records + 0.5), (dataset, name)


def test_ingestion_rejects_those_records_for_those_reasons_and_no_others(day: Day) -> None:
    answers = {(a["file"], a["record"]): a for a in day.answers}
    for record in day.received:
        answer = answers[record.file, record.number]
        assert record.record_id == answer["record_id"]
        assert isinstance(record.value, Rejected) == (answer["stage"] == "ingest"), answer
        if isinstance(record.value, Rejected):
            assert answer["reason"] in {f"{r.pointer} {r.rule}" for r in record.value.reasons}


def test_of_one_key_the_smaller_record_id_is_kept_and_every_other_is_a_duplicate(day: Day) -> None:
    answers = {(a["file"], a["record"]): a for a in day.answers}
    by_key: dict[Any, list[Any]] = defaultdict(list)
    for record in day.received:
        answer = answers[record.file, record.number]
        if answer["fate"] in ("accepted", "duplicate"):
            by_key[record.dataset, key_of(record)].append(answer)
    several = [stated for stated in by_key.values() if len(stated) > 1]
    assert len(several) == sum(a["fault"] in ADDS for a in day.faults)
    for stated in by_key.values():
        kept = [a["record_id"] for a in stated if a["fate"] == "accepted"]
        assert kept == [min(a["record_id"] for a in stated)]


def test_late_and_future_events_are_so_by_the_clock(day: Day) -> None:
    answers = {(a["file"], a["record"]): a for a in day.answers}
    for record in day.received:
        if record.dataset == "clickstream_event" and isinstance(record.value, dict):
            answer = answers[record.file, record.number]
            behind = RECEIVED_AT - datetime.fromisoformat(record.value["timestamp"])
            assert (behind > timedelta(days=30)) == (answer["fate"] == "late_held")
            assert (behind < timedelta(days=-1)) == (answer["reason"] == "/timestamp future")


def test_conflicting_identities_are_still_the_person_the_answer_key_says(day: Day, tmp_path: Path) -> None:
    write_day(World(7, SIZES, date(2026, 3, 2)), 1, tmp_path)
    plain = {r.value["customer_id"]: r for r in Day(tmp_path / "day=1").received if r.dataset == "customer"}
    persons = {
        (a["file"], a["record"]): a["person"] for a in Day(tmp_path / "day=1").answers if a["dataset"] == "customer"
    }
    answers = {(a["file"], a["record"]): a for a in day.answers}
    field = {"shared_phone": "phone", "role_address": "email", "email_typo": "email", "changed_surname": "last_name"}
    seen = set()
    for record in day.received:
        answer = answers[record.file, record.number]
        if (changed := field.get(answer["fault"])) and isinstance(record.value, dict):
            before = plain[record.value["customer_id"]]
            assert isinstance(before.value, dict)
            assert before.value.get(changed) != record.value[changed]
            assert persons[before.file, before.number] == answer["person"]
            seen.add(answer["fault"])
    assert seen == field.keys()


@pytest.mark.parametrize("asked", ["typo", "duplicate ", "campaign.bot", "unknown.duplicate"])
def test_a_fault_that_does_not_exist_is_refused(asked: str, tmp_path: Path) -> None:
    with pytest.raises(InjectionError, match=asked):
        write_day(World(7, SIZES, date(2026, 3, 2)), 1, tmp_path, {asked: 0.1})


def test_more_faults_than_records_can_have_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InjectionError, match=r"only \d+ can"):
        write_day(World(7, SIZES, date(2026, 3, 2)), 1, tmp_path, {"clickstream_event.bot": 0.9})
