"""The replay's definition: it goes on until all is replayed, and every failure is told and ends FAILED."""

import json
import re

import pytest
from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser

from tests.conftest import ROOT
from tests.step_functions.conftest import names
from tests.step_functions.test_daily_pipeline import reachable, successors, tasks


@pytest.fixture
def definition():
    template = (ROOT / "step_functions/replay.asl.json.tftpl").read_text()
    return json.loads(re.sub(r"\$\{(\w+)\}", lambda match: names()[match[1]], template))


def test_the_definition_is_amazon_states_language(definition):
    AmazonStateLanguageParser.parse(json.dumps(definition))


def test_every_state_is_reached_and_no_path_ends_but_in_succeed_or_fail(definition):
    states = definition["States"]
    assert reachable(states, definition["StartAt"]) == set(states)
    last = {name: s["Type"] for name, s in states.items() if not successors(s)}
    assert last == {"ReplaySucceeded": "Succeed", "ReplayFailed": "Fail"}


def test_every_task_is_timed_retried_and_caught_under_its_own_name(definition):
    for name, state in tasks(definition).items():
        assert state["TimeoutSeconds"] > 0
        assert all(retry["JitterStrategy"] == "FULL" for retry in state["Retry"])
        assert [catch["ResultPath"] for catch in state["Catch"]] == [f"$.failed.{name}"]


def test_every_failure_is_told_before_the_replay_ends_failed(definition):
    assert "ReplayFailed" not in reachable(definition["States"], "Replay", without={"NotifyFailure"})
    assert "ReplaySucceeded" not in reachable(definition["States"], "WriteNotice")
