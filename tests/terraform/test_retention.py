"""Files of Iceberg tables never expire by age; what does expire, the contracts say (bucket.tf and its test)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BUCKETS = (ROOT / "terraform/modules/platform/bucket.tf").read_text()
LIFECYCLE = dict(re.findall(r"^    (\w+) += \{ .*expire_days = (.+) \}$", BUCKETS, re.MULTILINE))


@pytest.mark.parametrize("zone", sorted({f.name.split(".")[0] for f in (ROOT / "data_quality/datasets").glob("*.yml")}))
def test_files_of_tables_are_not_expired_by_age(zone):
    """An Iceberg table needs old files as long as a row in them is current; only the table may remove them."""
    assert LIFECYCLE[zone] == "null"
