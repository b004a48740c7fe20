"""The optional cdktf app says the same as the HCL roots: addresses, variables, provider, where the state lies."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
OWN = ROOT / "build/cdktf/bin/python"  # `make cdktf` makes it: cdktf pins old packages
ENVIRONMENTS = ("dev", "prod")


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    python = sys.executable if find_spec("cdktf") else str(OWN)
    if not Path(python).exists():
        pytest.skip("cdktf is not installed, so its app was not checked; run `make cdktf` first")
    folder = tmp_path_factory.mktemp("cdktf")
    made = subprocess.run(
        [python, str(ROOT / "terraform/cdktf/app.py"), str(folder)], capture_output=True, text=True, timeout=120
    )
    assert made.returncode == 0, made.stderr[-2000:]
    return folder


def synthesised(out, name):
    return json.loads((out / "stacks" / name / "cdk.tf.json").read_text())


def root(name):
    return (ROOT / f"terraform/environments/{name}/main.tf").read_text()


def block(text, head):
    return re.search(rf"^ *{re.escape(head)} \{{\n(.*?)\n *\}}$", text, re.MULTILINE | re.DOTALL)[1]


@pytest.mark.slow
@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_the_module_has_the_address_and_the_variables_of_the_root(out, name):
    (address,) = synthesised(out, name)["module"]
    written = block(root(name), 'module "platform"')
    module = dict(synthesised(out, name)["module"][address])
    assert address == "platform"
    assert {*module} - {"//"} == set(re.findall(r"^  (\w+) +=", written, re.MULTILINE))
    assert (out / "stacks" / name / module["source"]).resolve() == ROOT / "terraform/modules/platform"
    assert module["environment"] == re.search(r'environment += "(\w+)"', written)[1] == name
    assert module["settings"] == json.loads((ROOT / f"terraform/environments/{name}/settings.json").read_text())
    folder = (ROOT / f"terraform/environments/{name}/../../../build/package").resolve()
    packages = {each: (out / "stacks" / name / file).resolve() for each, file in module["package"].items()}
    assert packages == {each: folder / f"{each}.zip" for each in re.findall(r'"(\w+)"', written.split("[")[1])[:3]}


@pytest.mark.slow
@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_state_provider_and_output_are_those_of_the_root(out, name):
    app, text = synthesised(out, name), root(name)
    backend = dict(re.findall(r"(\w+) += (\S+)", block(text, 'backend "s3"')))
    assert list(app["terraform"]["backend"]) == ["s3"]
    assert {k: json.dumps(v) for k, v in app["terraform"]["backend"]["s3"].items() if v != ""} == backend
    assert app["terraform"]["required_version"] == re.search(r'required_version = "(.*?)"', text)[1]
    assert app["terraform"]["required_providers"]["aws"]["version"] == re.search(r'version = "(~.*?)"', text)[1]
    assert app["provider"]["aws"] == [{"region": "us-east-1"}]
    assert app["output"] == {"platform": {"value": "${module.platform}"}}


@pytest.mark.slow
@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_terraform_takes_what_was_synthesised(out, name, terraform):
    answer = terraform(out / "stacks" / name, "validate")
    assert answer.returncode == 0, answer.stdout + answer.stderr
