"""Objects expire as the datasets' contracts say: copies go before the table they were made for."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
DAYS = {"d": 1, "M": 30, "y": 365}
BUCKETS = (ROOT / "terraform/modules/platform/bucket.tf").read_text()
LIFECYCLE = dict(re.findall(r"^    (\w+) += \{ .*expire_days = (\w+) \}$", BUCKETS, re.MULTILINE))
NONCURRENT_DAYS = int(re.findall(r"noncurrent_days = (\d+)", BUCKETS)[0])


def retention_days(file: Path) -> int:
    (found,) = [p for p in yaml.safe_load(file.read_text())["slaProperties"] if p["property"] == "retention"]
    return int(found["value"]) * DAYS[found["unit"]]


@pytest.mark.parametrize("bucket", ["raw", "quarantine"])
def test_no_copy_of_a_record_outlives_the_table_it_was_made_for(bucket):
    """The last bytes go when the version that expiry left behind does."""
    shortest = min(retention_days(file) for file in (ROOT / "data_quality/datasets").glob("clean.*.yml"))
    assert 0 < int(LIFECYCLE[bucket]) + NONCURRENT_DAYS <= shortest


@pytest.mark.parametrize("zone", sorted({f.name.split(".")[0] for f in (ROOT / "data_quality/datasets").glob("*.yml")}))
def test_files_of_tables_are_not_expired_by_age(zone):
    """An Iceberg table needs old files as long as a row in them is current; only the table may remove them."""
    assert LIFECYCLE[zone] == "null"
