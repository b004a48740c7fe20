"""Dataset contracts are valid Open Data Contract Standard 3.1, complete, and every rule in them runs."""

import json
import re
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path

import jsonschema
import pytest
import yaml

from cdp.dataset import Dataset
from cdp.engines.duckdb import DuckDBEngine
from cdp.quality import check, tables_read
from cdp.quality_rules import compile_rules

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted((ROOT / "data_quality/datasets").glob("*.yml"))
DATASETS = [pytest.param(Dataset.load(f.stem), id=f.stem) for f in FILES]
STANDARD = jsonschema.Draft201909Validator(
    json.loads(files("open_data_contract_standard").joinpath("schema.json").read_text())
)
# Decisions and models are few, and rules that weigh nothing leave nothing to go on from.
MAY_BE_EMPTY = {f"identity.{name}" for name in ("steward_decision", "match_model", "match_record", "match_pair")}
RUN_AT = datetime(2026, 3, 2, 2, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
def empty_lake():
    """An engine that has every table of the lake, without rows."""
    engine = DuckDBEngine()
    for dataset in Dataset.all():
        engine.register(dataset.name.replace(".", "_"), dataset.arrow_schema().empty_table())
    engine.read = lambda name: None
    yield engine
    engine.close()


def test_the_contracts_are_the_tables_of_the_platform():
    databases = json.loads((ROOT / "terraform/platform.json").read_text())["database"]
    listed = {f"{zone}.{table}" for zone, tables in databases.items() for table in tables}
    assert {f.stem for f in FILES} == listed


@pytest.mark.parametrize("file", FILES, ids=lambda f: f.stem)
def test_a_contract_follows_the_standard_and_is_named_after_its_table(file):
    contract = yaml.safe_load(file.read_text())
    assert [f"{e.json_path}: {e.message}" for e in STANDARD.iter_errors(contract)] == []
    assert contract["apiVersion"] == "v3.1.0"
    assert contract["id"] == file.stem
    assert contract["schema"][0]["name"] == contract["name"] == file.stem.split(".")[1]


@pytest.mark.parametrize("dataset", DATASETS)
def test_a_table_says_what_a_row_is_and_what_every_column_means(dataset):
    assert dataset.grain.startswith("One row per ")
    assert dataset.primary_key
    assert {"retention", "latency"} <= set(dataset.sla)
    for column in dataset.columns:
        assert column.description, column.name
        assert column.classification in ("public", "internal", "confidential", "restricted"), column.name


@pytest.mark.parametrize("dataset", DATASETS)
def test_personal_columns_are_never_public(dataset):
    personal = re.compile(r"email|phone|(first|last)_name|birth_on|street|customer_id|anonymous_id|user_id")
    assert [c.name for c in dataset.columns if personal.search(c.name) and c.classification == "public"] == []


@pytest.mark.parametrize("dataset", DATASETS)
def test_every_rule_and_its_sample_run_on_an_empty_table(dataset, empty_lake):
    result = check(empty_lake, dataset, RUN_AT, history=[])
    assert [r.rule for r in result.broken] == [r.rule for r in result.results if r.rule == "unknown_member"]
    for rule in compile_rules(dataset):
        assert not rule.counts_rows or rule.sample
        assert not rule.sample or empty_lake.query(f"{rule.sample} limit 5", {"run_at": RUN_AT}) == []


@pytest.mark.parametrize("dataset", DATASETS)
def test_samples_show_no_restricted_column(dataset):
    restricted = {c.name for c in dataset.columns if c.classification == "restricted"}
    for rule in compile_rules(dataset):
        shown = rule.sample.removeprefix("select distinct ").split(" from ")[0].split(", ")
        assert not restricted & set(shown), rule.name


@pytest.mark.parametrize("dataset", DATASETS)
def test_every_table_is_guarded_against_loss(dataset):
    rules = {rule.name: rule for rule in compile_rules(dataset, history=[1000, 900, 1100])}
    least = 0 if dataset.name in MAY_BE_EMPTY else 500
    assert str(rules["row_count_history"].threshold) == f">= {least} rows"
    assert rules["row_count_history"].severity == rules["primary_key_unique"].severity == "fail"


def test_facts_are_checked_against_every_dimension():
    for dataset in Dataset.all():
        keys = [c.name for c in dataset.columns if c.name.endswith("_key") and not c.primary_key_position]
        assert keys == [c.name for c in dataset.columns if c.references], dataset.name
        read = set(tables_read(dataset, compile_rules(dataset)))
        assert {f"{dataset.zone}.dim_{key.removesuffix('_key')}" for key in keys} <= read, dataset.name
