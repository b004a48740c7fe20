import pyarrow as pa
import pytest

from cdp.dataset import Dataset, DatasetError


def test_a_contract_gives_keys_and_partitions_in_order():
    dataset = Dataset.load("clean.transaction")
    assert dataset.primary_key == ["transaction_id", "line_number", "updated_at"]
    assert dataset.partition_by == ["transaction_month"]
    assert (dataset.zone, dataset.table) == ("clean", "transaction")


def test_a_contract_gives_an_arrow_schema_in_column_order():
    schema = Dataset.load("identity.person").arrow_schema()
    assert schema.names[:2] == ["source", "source_customer_id"]
    assert Dataset.load("clean.clickstream_event").arrow_schema().field("event_at").type == pa.timestamp("us", tz="UTC")


def test_an_unknown_dataset_names_the_missing_file():
    with pytest.raises(DatasetError, match=r"data_quality/datasets/clean\.nothing\.yml"):
        Dataset.load("clean.nothing")
