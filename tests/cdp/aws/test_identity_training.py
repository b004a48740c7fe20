"""What make identity-train learns is in the lake, scores from then on, and is there once."""

from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest

from benchmarks.identity import sample_world
from cdp.aws.identity_training import main
from cdp.aws.lake import Lake
from cdp.engines.duckdb import DuckDBEngine
from cdp.matching import model_store
from cdp.matching.model import MatchModel
from cdp.matching.rules import MatchRules

pytestmark = pytest.mark.slow


@pytest.fixture
def lake(aws):
    return Lake(aws)


def train(lake, records, capsys):
    Lake(lake.settings).rewrite("clean.customer", [(records, None)])
    status = main(["--environment", "test"])
    said = capsys.readouterr()
    return status, said.out + said.err


def scores_now(lake):
    engine = DuckDBEngine(Lake(lake.settings))
    engine.read(model_store.TABLE)
    return model_store.stored_model(engine, MatchRules.load())


def test_a_model_is_learnt_once_from_the_same_records_and_the_latest_scores(lake, capsys):
    records, _ = sample_world(1_300)
    assert scores_now(lake) == MatchModel.shipped(MatchRules.load())
    status, said = train(lake, records, capsys)
    first = scores_now(lake)
    assert status == 0
    assert f"model {first.model_version} is stored in identity.match_model" in said
    assert first.metadata == {
        "is_trained": True,
        "person_records": 1_300,
        "snapshot_id": Lake(lake.settings).snapshot_id("clean.customer"),
    }
    assert "is stored already" in train(lake, records, capsys)[1]
    train(lake, records.slice(100), capsys)
    rows = Lake(lake.settings).read(model_store.TABLE).read_all()
    assert rows["count_person_records"].to_pylist().count(1_300) == 1
    assert scores_now(lake).metadata["person_records"] == 1_200


def test_too_few_records_teach_nothing_and_nothing_is_stored(lake, capsys):
    status, said = train(lake, sample_world(50)[0], capsys)
    assert status == 1
    assert "50 person records are fewer than the 1000 it takes to learn" in said
    assert scores_now(lake).metadata["is_trained"] is False


def test_rules_that_weigh_nothing_are_refused(lake, capsys):
    assert main(["--environment", "test", "--rules", "v1"]) == 1
    assert "weigh nothing" in capsys.readouterr().err


def test_of_several_models_the_latest_for_the_rules_scores():
    engine = DuckDBEngine()
    rules = MatchRules.load()
    at = datetime(2026, 3, 1, tzinfo=UTC)
    models = [
        MatchModel(v, MatchModel.shipped(rules).parameters, p, {}, {"person_records": 1})
        for v, p in (("v3", 0.1), ("v3", 0.2), ("v2", 0.3))
    ]
    rows = [model_store.as_row(model, at + timedelta(days=n), n) for n, model in enumerate(models)]
    engine.register("identity_match_model", pa.concat_tables(reversed(rows)))
    assert model_store.stored_model(engine, rules) == models[1]
