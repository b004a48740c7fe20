"""Maintenance of the lake as a script: over S3, and not beside a run."""

import runpy
import sys

import boto3
import pytest

from cdp.aws.lake import Lake
from cdp.aws.ledger import Ledger, RunInProgressError
from cdp.dataset import Dataset
from tests.conftest import ROOT, settings_json

PERSON = "identity.person"


@pytest.fixture
def maintain(aws, monkeypatch):
    """Run the script, keeping nothing that is not needed now."""

    def run():
        arguments = {"--run_id": "m", "--run_at": "2026-03-02T00:00:00Z", "--settings": settings_json()}
        arguments["--keep_days"] = "-1"
        monkeypatch.setattr(sys, "argv", ["maintain_lake", *(p for pair in arguments.items() for p in pair)])
        runpy.run_path(str(ROOT / "glue_jobs/maintain_lake.py"), run_name="__main__")

    return run


def write(aws, *ids):
    import pyarrow as pa

    rows = [{"source": "crm", "source_customer_id": i, "customer_id": i, "rule_version": "v1"} for i in ids]
    Lake(aws).rewrite(PERSON, [(pa.Table.from_pylist(rows, schema=Dataset.load(PERSON).arrow_schema()), None)])


def parquet_files(aws):
    listed = boto3.client("s3").list_objects_v2(Bucket=aws.bucket("identity"))["Contents"]
    return [entry["Key"] for entry in listed if entry["Key"].endswith(".parquet")]


@pytest.mark.slow
def test_files_that_no_snapshot_needs_are_removed_from_the_bucket(aws, maintain):
    write(aws, "1", "2")
    write(aws, "3")
    assert len(parquet_files(aws)) == 2
    maintain()
    assert len(parquet_files(aws)) == 1
    assert Lake(aws).read(PERSON).read_all()["source_customer_id"].to_pylist() == ["3"]


def test_maintenance_waits_for_a_run_that_goes_on(aws, maintain):
    Ledger(aws.table("ledger")).open_run("run-1", "2026-03-02T02:30:00Z", "arn:1")
    with pytest.raises(RunInProgressError, match="run-1 is writing"):
        maintain()
