import pytest

from cdp.accounting import STAGES, AccountingError, Fates, imbalances, ingested, losses, problems, require_balance
from cdp.aws.ledger import Receipt

LATER = [Fates(stage, "customer", 4, 4) for stage in STAGES[1:]]


def receipt(receipt_id, stage="ingest_stream", dataset="customer", received=3, accepted=2, quarantined=1):
    return Receipt(receipt_id, stage, dataset, received, accepted, 0, quarantined, "2026-03-02T02:00:00Z")


def test_every_fate_counts_toward_the_balance():
    fates = Fates(
        "clean_raw", "customer", received=15, accepted=5, duplicate=4, quarantined=3, suppressed=2, late_held=1
    )
    assert fates.is_balanced
    assert imbalances([fates]) == []


def test_a_lost_record_is_named_with_stage_dataset_and_numbers():
    assert imbalances([Fates("clean_raw", "customer", 5, 4)]) == [
        "clean_raw of customer: received 5 but accounted for 4"
    ]


def test_ingestion_is_added_up_over_receipts_per_stage_and_dataset():
    receipts = [receipt("a"), receipt("b"), receipt("c", stage="ingest_batch"), receipt("d", dataset="product")]
    assert ingested(receipts) == [
        Fates("ingest_batch", "customer", 3, 2, quarantined=1),
        Fates("ingest_stream", "customer", 6, 4, quarantined=2),
        Fates("ingest_stream", "product", 3, 2, quarantined=1),
    ]


def test_what_ingestion_accepted_is_what_cleaning_received():
    handed = ingested([receipt("a"), receipt("b", stage="ingest_batch")])
    assert losses([*handed, Fates("clean_raw", "customer", 4, 4)]) == []
    assert losses([*handed, Fates("clean_raw", "customer", 3, 3), Fates("clean_raw", "product", 1, 1)]) == [
        "clean_raw of customer: received 3 but ingestion handed over 4",
        "clean_raw of product: received 1 but ingestion handed over 0",
    ]


def test_a_stage_without_an_account_is_a_problem():
    fates = [*ingested([receipt("a"), receipt("b")]), Fates("clean_raw", "customer", 4, 4), *LATER]
    assert problems(fates) == []
    assert problems(fates[:-1]) == ["load_warehouse: there is no account of it"]
    assert problems(fates[:-1], stages=("clean_raw",)) == []


def test_a_run_without_records_needs_no_further_stage():
    assert problems([]) == []
    assert problems(ingested([receipt("a", accepted=0, quarantined=3)])) == []


def test_an_unbalanced_run_is_refused():
    with pytest.raises(AccountingError, match=r"clean_raw of customer: received 0 but ingestion handed over 2"):
        require_balance([*ingested([receipt("a")]), *LATER])
