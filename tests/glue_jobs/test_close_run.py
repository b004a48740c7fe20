import json
from datetime import UTC, datetime

import pyarrow as pa
import pytest

from cdp.accounting import STAGES, AccountingError, Fates, ingested
from cdp.aws.lake import Lake
from cdp.aws.ledger import Ledger, Receipt
from cdp.aws.manifest import close_manifest
from cdp.dataset import Dataset
from cdp.engines.duckdb import DuckDBEngine
from cdp.job import Job
from cdp.quality import GateError
from cdp.run import Run, RunError, branch_of
from glue_jobs.close_run import close_run

pytestmark = pytest.mark.slow

RUN = Run("2026-03-02T02-30-00Z-0a1b2c3d", "2026-03-02T02:30:00Z")
RUN_AT = datetime(2026, 3, 2, 2, 30, tzinfo=UTC)
RECEIPT = Receipt("a", "ingest_batch", "product", 2, 1, 0, 1, "2026-03-02T02:00:00Z", "records/a.jsonl.gz")
CHANNEL = {"channel_key": 1, "channel": "web", "channel_group": "online", "is_online": True}


@pytest.fixture
def j(aws):
    """A run that took one batch and went well until its end."""
    lake, ledger = Lake(aws, branch_of(RUN.run_id)), Ledger(aws.table("ledger"))
    ledger.put_receipt(RECEIPT)
    ledger.open_run(RUN.run_id, RUN.run_at, "arn:one")
    close_manifest(aws.bucket("raw"), RUN, [RECEIPT])
    for fates in ingested([RECEIPT]):
        ledger.put_fates(RUN.run_id, fates)
    for stage in STAGES:
        ledger.put_fates(RUN.run_id, Fates(stage, "product", 1, 1))
    for gate in ("clean", "curated"):
        ledger.put_verdict(RUN.run_id, gate, "pass", {"tables": {}, "broken": []})
    engine = DuckDBEngine(lake)
    yield Job(RUN.run_id, RUN_AT, {}, aws, ledger, lake, engine)
    engine.close()


@pytest.fixture
def published(aws):
    """Channels that readers see."""
    return lambda: Lake(aws).read("curated.dim_channel").read_all()["channel"].to_pylist()


def write_channel(j):
    schema = Dataset.load("curated.dim_channel").arrow_schema()
    j.lake.rewrite("curated.dim_channel", [(pa.Table.from_pylist([CHANNEL], schema=schema), None)])


def test_a_run_is_published_and_committed_once(j, published, capsys):
    write_channel(j)
    assert published() == []
    close_run(j)
    close_run(j)
    assert published() == ["web"]
    assert (j.ledger.run(RUN.run_id)["status"], j.ledger.running()) == ("SUCCEEDED", {})
    assert j.ledger.pending_receipts() == []
    assert j.ledger.row_counts("curated.dim_channel") == [1]
    metrics = [m for m in map(json.loads, capsys.readouterr().out.splitlines()) if "_aws" in m]
    assert {m["service"]: m["RecordsAccepted"] for m in metrics}["clean_raw"] == 1


def test_a_lost_record_stops_the_run_and_nothing_is_published(j, published):
    write_channel(j)
    j.ledger.put_fates(RUN.run_id, Fates("clean_raw", "product", received=1, accepted=0))
    with pytest.raises(AccountingError, match="clean_raw of product: received 1 but accounted for 0"):
        close_run(j)
    assert published() == []
    assert j.ledger.pending_receipts() == [RECEIPT]
    assert j.ledger.row_counts("curated.dim_channel") == []


@pytest.mark.parametrize("verdict", ["fail", "missing"])
def test_a_run_that_a_gate_did_not_let_through_is_not_published(j, published, verdict):
    write_channel(j)
    j.ledger.put_verdict(RUN.run_id, "curated", verdict, {})
    with pytest.raises(GateError, match=f"gate curated said {verdict}"):
        close_run(j)
    assert published() == []


def test_a_run_that_was_being_published_when_its_job_died_is_published_by_the_next_attempt(j, published):
    write_channel(j)
    j.ledger.begin_publishing(RUN.run_id)
    close_run(j)
    assert published() == ["web"]
    assert j.ledger.run(RUN.run_id)["status"] == "SUCCEEDED"


def test_a_run_that_has_failed_cannot_be_closed_any_more(j, published):
    write_channel(j)
    j.ledger.fail_run(RUN.run_id, "LoadWarehouse", "cause")
    with pytest.raises(RunError, match="is FAILED, not RUNNING"):
        close_run(j)
    assert published() == []


def test_a_run_of_rejects_only_is_committed_without_a_gate(aws, capsys):
    reject = Receipt("b", "ingest_stream", "customer", 3, 0, 0, 3, "2026-03-02T02:00:00Z")
    ledger = Ledger(aws.table("ledger"))
    ledger.put_receipt(reject)
    ledger.open_run(RUN.run_id, RUN.run_at, "arn:one")
    close_manifest(aws.bucket("raw"), RUN, [reject])
    close_run(Job(RUN.run_id, RUN_AT, {}, aws, ledger, Lake(aws, branch_of(RUN.run_id)), None))
    assert ledger.run(RUN.run_id)["status"] == "SUCCEEDED"
    assert ledger.pending_receipts() == []
