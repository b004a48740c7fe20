"""Questions about people are answered from the published lake."""

import json
from contextlib import closing
from datetime import UTC, date, datetime

import pyarrow as pa
import pytest

from cdp import identity
from cdp.aws.identity_question import main
from cdp.aws.lake import Lake
from cdp.dataset import Dataset
from cdp.engines.duckdb import DuckDBEngine
from cdp.matching import known
from cdp.matching.rules import MatchRules

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
    assert "in one cluster (v3, balanced): no" in said
    assert not {"anton", "huber", "301234567"} & set(said.lower().replace("…", " ").split())


def test_a_difference_of_versions_names_the_records(lake, capsys):
    assert main(["diff", "v1", "v2", "--environment", "test"]) == 0
    said = capsys.readouterr().out
    assert "1 customers that would come apart" in said
    assert "crm:C1 shop:S1" in said


def test_what_a_steward_decided_is_told_and_counts_whatever_the_version(lake, aws, capsys):
    ids = {"left_id": "crm:C1", "right_id": "shop:S1"}
    row = {"decision_id": "1", "decided_at": AT, **ids, "is_same": True, "decided_by": "ann", "reason": "passport"}
    rows = pa.Table.from_pylist([row], schema=Dataset.load("identity.steward_decision").arrow_schema())
    Lake(aws).rewrite("identity.steward_decision", [(rows, None)])
    assert main(["explain", "shop:S1", "crm:C1", "--environment", "test"]) == 0
    said = capsys.readouterr().out
    assert "a steward decided that they are one human" in said
    assert "in one cluster (v3, balanced): yes" in said
    assert main(["diff", "v1", "v2", "--environment", "test"]) == 0
    assert "0 customers that would come apart" in capsys.readouterr().out


@pytest.fixture
def resolved(lake, aws):
    """The lake after a run."""
    with closing(DuckDBEngine(Lake(aws))) as engine:
        for table in identity.READS:
            engine.read(table)
        identity.resolve_identities(engine, MatchRules.load())
        for table, step in (identity.WRITES | known.WRITES).items():
            engine.write(table, step)


def asked(tmp_path, *lines):
    file = tmp_path / "people.jsonl"
    file.write_text("\n".join(lines))
    return ["lookup", str(file), "--environment", "test"]


def test_a_record_that_is_not_in_the_lake_finds_its_customer(resolved, tmp_path, capsys):
    son = {"source": "web", "source_customer_id": "9", "first_name": "Wendelin", "last_name": "Huber"}
    lines = (son | {"birth_on": "1999-05-06", "phone": "+49301234567"}, son | {"first_name": "Zoe"})
    assert main(asked(tmp_path, *map(json.dumps, lines))) == 0
    first, second = capsys.readouterr().out.split("web:9 is ")[1:]
    assert first.startswith("c_")
    assert "crm:C1 – web:9: 1.000000" in first
    assert "closest to it is crm:C1" in first
    assert second.startswith("nobody known")
    assert not {"wendelin", "huber", "301234567"} & set((first + second).lower().replace("…", " ").split())


@pytest.mark.parametrize(
    "line", ["{", "[]", '{"source": "web"}', '{"source": "a", "source_customer_id": "1", "birth_on": "secret"}']
)
def test_a_line_that_is_no_person_record_is_named_without_its_values(lake, tmp_path, capsys, line):
    assert main(asked(tmp_path, line)) == 1
    said = capsys.readouterr().err
    assert "people.jsonl:1: no person record" in said
    assert "secret" not in said


def test_before_any_run_nobody_can_be_looked_up(lake, tmp_path, capsys):
    assert main(asked(tmp_path, '{"source": "web", "source_customer_id": "9"}')) == 1
    assert "let a run pass" in capsys.readouterr().err


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
