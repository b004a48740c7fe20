"""Questions about people are answered from the published lake."""

from datetime import UTC, date, datetime

import pyarrow as pa
import pytest

from cdp.aws.identity_question import main
from cdp.aws.lake import Lake
from cdp.dataset import Dataset

pytestmark = pytest.mark.slow
AT = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def lake(aws):
    """Father and son with one phone."""
    one = {
        "source": "shop",
        "source_customer_id": "S1",
        "updated_at": AT,
        "record_id": "1",
        "phone": "+49301234567",
        "first_name": "Anton",
        "last_name": "Huber",
        "birth_on": date(1960, 1, 2),
        "street": "Weg 1",
        "postal_code": "10115",
        "city": "Berlin",
    }
    other = one | {"source": "crm", "source_customer_id": "C1", "first_name": "Wendelin", "birth_on": date(1999, 5, 6)}
    rows = pa.Table.from_pylist([one, other], schema=Dataset.load("clean.customer").arrow_schema())
    Lake(aws).rewrite("clean.customer", [(rows, None)])


def test_a_pair_is_explained_without_showing_its_values(lake, capsys):
    assert main(["explain", "shop:S1", "crm:C1", "--environment", "test"]) == 0
    said = capsys.readouterr().out
    assert "guard that spoke against it: two_people_of_a_household" in said
    assert "in one cluster (v2, balanced): no" in said
    assert not {"anton", "huber", "301234567"} & set(said.lower().replace("…", " ").split())


def test_a_difference_of_versions_names_the_records(lake, capsys):
    assert main(["diff", "v1", "v2", "--environment", "test"]) == 0
    said = capsys.readouterr().out
    assert "1 customers that would come apart" in said
    assert "crm:C1 shop:S1" in said


@pytest.mark.parametrize(
    ("question", "complaint"),
    [
        (["explain", "shop:S1", "shop:S2"], "shop:S2: no such person record"),
        (["diff", "v1", "v9"], "versions are v1, v2"),
        (["explain", "shop:S1", "crm:C1", "--rules", "v1"], "weigh nothing"),
    ],
)
def test_what_cannot_be_answered_says_why(lake, capsys, question, complaint):
    assert main([*question, "--environment", "test"]) == 1
    assert complaint in capsys.readouterr().err
