"""Terraform's own checks pass: format, validity of modules and environments, and each module's tests on a mock."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
MODULES = sorted(p.parent.relative_to(ROOT).as_posix() for p in ROOT.glob("terraform/modules/*/versions.tf"))
ENVIRONMENTS = sorted(p.parent.relative_to(ROOT).as_posix() for p in ROOT.glob("terraform/environments/*/main.tf"))
FILES = sorted(p for p in ROOT.glob("terraform/**/*.tf") if ".terraform" not in p.parts)


def test_files_are_in_terraforms_format(terraform):
    answer = terraform(MODULES[0], "fmt", "-check", "-recursive", "../..")
    assert answer.returncode == 0, answer.stdout + answer.stderr


@pytest.mark.slow
@pytest.mark.parametrize("folder", [*MODULES, *ENVIRONMENTS])
def test_a_module_or_environment_is_valid(terraform, folder):
    answer = terraform(folder, "validate")
    assert answer.returncode == 0, answer.stdout + answer.stderr


@pytest.mark.slow
@pytest.mark.parametrize("module", MODULES)
def test_a_modules_own_tests_pass(terraform, module):
    answer = terraform(module, "test", timeout_s=280)
    assert answer.returncode == 0, answer.stdout + answer.stderr


def test_every_module_has_tests():
    assert [m for m in MODULES if not list((ROOT / m).glob("tests/*.tftest.hcl"))] == []


@pytest.mark.parametrize("file", FILES, ids=lambda f: f.relative_to(ROOT / "terraform").as_posix())
def test_every_variable_and_output_says_what_it_is(file):
    blocks = re.findall(r'^(?:variable|output) "(\w+)" \{\n(.*?)^\}', file.read_text(), re.MULTILINE | re.DOTALL)
    assert [name for name, body in blocks if not re.search(r'^  description\s*= ".{5}', body, re.MULTILINE)] == []


@pytest.mark.parametrize("file", FILES, ids=lambda f: f.relative_to(ROOT / "terraform").as_posix())
def test_no_file_names_an_account_or_is_longer_than_300_lines(file):
    text = file.read_text()
    assert re.findall(r"\b\d{12}\b", text) == []
    assert text.count("\n") <= 300


def test_environments_name_themselves_and_keep_their_own_state():
    for environment in ("dev", "prod"):
        text = (ROOT / f"terraform/environments/{environment}/main.tf").read_text()
        assert re.search(rf'environment +=\s"{environment}"', text)
        assert f'"cdp/{environment}.tfstate"' in text
        assert re.search(r"use_lockfile += true", text)
