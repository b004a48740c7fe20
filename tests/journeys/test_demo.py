"""The demo as a person runs it: two days through the whole platform, figures that add up, and nothing left behind."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import psutil
import pytest

from cdp.dataset import Dataset
from cdp.warehouse import TABLES

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
RUN = {"run_id", "run_at", "status", "failed_state", "cause", "next_step"}
SIZES = ["--customers", "120", "--products", "15", "--transactions", "400", "--events", "800"]


def start(work_dir: Path, *more: str) -> subprocess.Popen:
    command = [sys.executable, "-m", "localcloud", "demo", *SIZES, "--work-dir", str(work_dir), *more]
    return subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    )


def processes_of(work_dir: Path) -> list[psutil.Process]:
    return [
        p for p in psutil.process_iter(["cmdline"]) if any(str(work_dir) in part for part in p.info["cmdline"] or [])
    ]


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    work_dir = tmp_path_factory.mktemp("demo") / "out"
    process = start(work_dir)
    output, _ = process.communicate(timeout=280)
    assert process.returncode == 0, output[-3000:]
    return work_dir


@pytest.fixture(scope="module")
def summary(demo):
    return json.loads((demo / "summary.json").read_text())


@pytest.fixture
def warehouse(demo):
    with duckdb.connect(str(demo / "warehouse.duckdb"), read_only=True) as connection:
        connection.execute("use public")  # Redshift's default schema
        yield connection


def test_the_summary_has_the_promised_shape(summary):
    assert set(summary) == {"runs", "rejected", "warehouse", "peak_rss_mb", "seconds_total"}
    assert [run["status"] for run in summary["runs"]] == ["SUCCEEDED", "SUCCEEDED"]
    for run in summary["runs"]:
        assert set(run) == {*RUN, "verdicts", "tables", "broken", "stages", "completeness", "seconds"}
        assert set(run["verdicts"].values()) <= {"pass", "warn"}
        assert {"ingest", "clean_raw", "load_warehouse", "close_run"} <= set(run["seconds"])


def test_every_record_of_every_stage_has_a_fate(summary):
    for run in summary["runs"]:
        for line in run["stages"]:
            fates = ("accepted", "duplicate", "quarantined", "suppressed", "late_held")
            assert line["received"] == sum(line[fate] for fate in fates), line


def test_the_second_day_leaves_the_first_as_it_was(demo, warehouse):
    first_day = [json.loads(line) for line in (demo / "sample/day=1/stream/events.jsonl").read_text().splitlines()]
    (known,) = warehouse.execute(
        "select count(distinct message_id) from fact_clickstream where message_id in (select unnest(?))",
        [[event["messageId"] for event in first_day]],
    ).fetchone()
    assert known == len({event["messageId"] for event in first_day}) == 800


def test_the_warehouse_has_what_clean_accepted(summary, warehouse):
    accepted = {"transaction": 0, "clickstream_event": 0}
    for run in summary["runs"]:
        for line in run["stages"]:
            if line["stage"] == "clean_raw" and line["dataset"] in accepted:
                accepted[line["dataset"]] += line["accepted"]
    assert summary["warehouse"]["fact_clickstream"] == accepted["clickstream_event"]
    (lines,) = warehouse.execute("select count(*) from fact_sales").fetchone()
    assert lines == summary["warehouse"]["fact_sales"] <= accepted["transaction"]


def test_no_fact_is_an_orphan(warehouse):
    for table in (table for table in TABLES if table.startswith("fact_")):
        for column in Dataset.load(f"curated.{table}").columns:
            if column.references:
                other, key = column.references.split(".")
                (orphans,) = warehouse.execute(
                    f"select count(*) from {table} where {column.name} not in (select {key} from {other})"
                ).fetchone()
                assert orphans == 0, (table, column.name)


def test_a_newer_contract_reaches_the_warehouse_beside_the_older_one(warehouse):
    ((named, channels),) = warehouse.execute(
        "select count(coupon_code), count(distinct channel_key) from fact_sales where transaction_at >= '2026-03-02'"
    ).fetchall()
    assert named > 0
    assert channels > 1  # the store, which speaks the older one, sold something too


def test_the_report_shows_runs_fates_and_rejections(demo):
    page = (demo / "report.html").read_text()
    for expected in ("SUCCEEDED", "What became of every record", "late held", "messageId", "fact_sales"):
        assert expected in page


def test_the_logs_hold_nobodys_personal_data(demo):
    people = [
        json.loads(line) for line in next((demo / "sample/day=1").rglob("customers*.jsonl")).read_text().splitlines()
    ]
    values = {
        p[name] for p in people for name in ("email", "phone", "last_name", "street") if len(p.get(name) or "") > 5
    }
    logs = "\n".join(file.read_text(errors="replace") for file in (demo / "cloud").rglob("*.log"))
    assert len(logs) > 1000
    # "0000000" is nobody's phone, and the beginning of many a sequence number.
    assert [value for value in values if len(set(value)) > 1 and value in logs] == []


def test_when_it_ends_no_process_is_left(demo):
    assert processes_of(demo) == []


def test_ctrl_c_leaves_no_process_behind(tmp_path):
    work_dir = tmp_path / "out"
    process = start(work_dir)
    deadline = time.monotonic() + 120
    while not list(work_dir.glob("cloud/logs/*clean_raw*")) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert process.poll() is None, process.stdout.read()
    children = psutil.Process(process.pid).children(recursive=True)
    os.killpg(process.pid, signal.SIGINT)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 130, output[-2000:]
    assert [p for p in children if p.is_running() and p.status() != psutil.STATUS_ZOMBIE] == []
    assert processes_of(work_dir) == []
