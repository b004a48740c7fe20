"""The pipeline's order is sound: every path ends, every failure is told and ends FAILED."""

import json
import re

import pytest
from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser

from tests.conftest import PLATFORM, ROOT
from tests.step_functions.conftest import TEMPLATE, names

BY_HAND = {"check_engine", "maintain_lake"}  # jobs that people start


def successors(state):
    found = [state[key] for key in ("Next", "Default") if key in state]
    return found + [branch["Next"] for key in ("Choices", "Catch") for branch in state.get(key, [])]


def reachable(states, start, without=()):
    found, waiting = set(), [start]
    while waiting:
        name = waiting.pop()
        if name not in found and name not in without:
            found.add(name)
            waiting += successors(states[name])
    return found


def tasks(definition, resource=""):
    states = definition["States"].items()
    return {name: s for name, s in states if s["Type"] == "Task" and resource in s["Resource"]}


def test_every_placeholder_is_a_name_of_the_platform_and_every_job_has_its_state():
    used = set(re.findall(r"\$\{(\w+)\}", TEMPLATE))
    assert used <= set(names())
    assert (set(PLATFORM["job"]) - BY_HAND) | {"plan_run", "fail_run"} == used & {
        *PLATFORM["job"],
        *PLATFORM["function"],
    }


def test_no_account_or_region_is_written_down():
    assert not re.search(r"\d{12}|[a-z]{2}-[a-z]+-\d", TEMPLATE)


def test_the_definition_is_amazon_states_language(definition):
    AmazonStateLanguageParser.parse(json.dumps(definition))


def test_every_state_is_reached_and_every_next_exists(definition):
    assert reachable(definition["States"], definition["StartAt"]) == set(definition["States"])


def test_no_path_ends_but_in_succeed_or_fail(definition):
    last = {name: s["Type"] for name, s in definition["States"].items() if not successors(s)}
    assert last == {"RunSucceeded": "Succeed", "RunFailed": "Fail"}
    assert not any("End" in s for s in definition["States"].values())


def test_every_task_is_timed_retried_and_caught_under_its_own_name(definition):
    for name, state in tasks(definition).items():
        assert state["TimeoutSeconds"] > 0
        assert all(retry["JitterStrategy"] == "FULL" and retry["BackoffRate"] >= 2 for retry in state["Retry"])
        (catch,) = state["Catch"]
        assert catch["ErrorEquals"] == ["States.ALL"]
        assert catch["ResultPath"] == f"$.failed.{name}"
        expected = {"FailRun": "WriteNotice", "NotifyFailure": "RunFailed"}.get(name, "FailRun")
        assert catch["Next"] == expected


def test_every_failure_is_told_before_the_run_ends_failed(definition):
    states = definition["States"]
    assert "RunSucceeded" not in reachable(states, "FailRun")
    assert "RunFailed" not in reachable(states, definition["StartAt"], without={"NotifyFailure"})
    assert states["NotifyFailure"]["Resource"] == "arn:aws:states:::sns:publish"


def test_a_failed_job_is_not_repeated_only_a_passing_fault_of_glue(definition):
    for state in tasks(definition, "glue").values():
        assert all(e.startswith("Glue.") for retry in state["Retry"] for e in retry["ErrorEquals"])


@pytest.mark.parametrize("gate", ["Clean", "Curated"])
def test_a_gate_is_passed_only_with_the_word_pass_or_warn(definition, gate):
    states = definition["States"]
    choice = states[f"{gate}Verdict"]
    assert states[choice["Default"]]["Next"] == "FailRun"
    words = [test["StringEquals"] for c in choice["Choices"] for test in c["And"] if "StringEquals" in test]
    assert words == ["pass", "warn"]


def test_jobs_get_the_arguments_their_scripts_ask_for(definition):
    keys = {name: key for key, name in names().items() if key in PLATFORM["job"]}
    for state in tasks(definition, "glue").values():
        script = (ROOT / "glue_jobs" / f"{keys[state['Parameters']['JobName']]}.py").read_text()
        given = {argument.removesuffix(".$") for argument in state["Parameters"]["Arguments"]}
        asked = {f"--{name}" for name in re.findall(r'with job\("(\w+)"\)', script)}
        assert given == {"--run_id", "--run_at"} | asked


def test_a_job_s_own_time_limit_comes_first_and_the_machine_s_last(definition):
    limits = {f"cdp-test-{key}": job["timeout_min"] * 60 for key, job in PLATFORM["job"].items()}
    for state in tasks(definition, "glue").values():
        assert state["TimeoutSeconds"] > limits[state["Parameters"]["JobName"]]
    assert definition["TimeoutSeconds"] > sum(state["TimeoutSeconds"] for state in tasks(definition).values())
