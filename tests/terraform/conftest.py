"""Terraform as the tests run it: offline from a mirror of providers, or from the registry."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
INIT_TIMEOUT_S = 120

Terraform = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="session")
def terraform(tmp_path_factory: pytest.TempPathFactory) -> Terraform:
    """Runs terraform in a copy of the repository's terraform folder; skips where there is no terraform or provider."""
    if shutil.which("terraform") is None:
        pytest.skip("terraform is not installed, so nothing of terraform/ was checked; install Terraform 1.11 or newer")
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "TF_CLI_"))}
    copy = tmp_path_factory.mktemp("checkout")
    for folder in ("terraform", "step_functions", "glue_jobs", "sql", "data_quality"):
        ignored = shutil.ignore_patterns(".terraform*", "__pycache__")
        shutil.copytree(ROOT / folder, copy / folder, ignore=ignored)
    mirror = environment.get("TF_PLUGIN_MIRROR")

    def run(folder: str, *arguments: str, timeout_s: int = 120) -> subprocess.CompletedProcess[str]:
        command = ["terraform", f"-chdir={copy / folder}", *arguments, "-no-color"]
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=timeout_s)

    def initialised(folder: str, *arguments: str, timeout_s: int = 120) -> subprocess.CompletedProcess[str]:
        if not (copy / folder / ".terraform").exists():
            source = [f"-plugin-dir={mirror}"] if mirror else []
            answer = run(folder, "init", "-backend=false", "-input=false", *source, timeout_s=INIT_TIMEOUT_S)
            if answer.returncode:
                shutil.rmtree(copy / folder / ".terraform", ignore_errors=True)  # half made, it would pass for whole
                pytest.skip(
                    "the AWS provider cannot be had, so nothing of terraform/ was checked; set TF_PLUGIN_MIRROR to "
                    f"a folder that `terraform providers mirror` has filled: {answer.stderr.strip()[:300]}"
                )
        return run(folder, *arguments, timeout_s=timeout_s)

    return initialised
