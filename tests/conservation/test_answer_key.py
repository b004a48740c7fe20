"""What becomes of every single record is what the answer key says."""

import pytest

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
