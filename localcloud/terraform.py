"""The platform is applied, changed and destroyed by Terraform on a cloud on this machine, and by nothing else.

    terraform = Terraform(cloud.environment(), work_dir)
    platform = terraform.apply(warehouse)

The state lies in `work_dir`, next to the cloud that it describes: moto forgets when it ends.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from localcloud.platform import ROOT, Platform
from terraform import package

ENVIRONMENT = "local"
QUIET = ("-input=false", "-no-color")
TELLING = ("Creation complete", "Destruction complete", "Modifications complete")
MOST_SHOWN = 3000


class TerraformError(Exception):
    """Terraform is not there, or refused; the message is what it said."""


@dataclass(frozen=True)
class Change:
    """What a plan does to one resource: its address, the actions, and the attributes that differ."""

    address: str
    actions: tuple[str, ...]
    attributes: tuple[str, ...]


class Terraform:
    """Runs `terraform/environments/local` of the checkout at `root` against the cloud that `environment` points at.

    `tell` is called once for every resource that has been created, changed or destroyed, with Terraform's line.
    """

    def __init__(
        self,
        environment: Mapping[str, str],
        work_dir: Path,
        root: Path = ROOT,
        tell: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._folder = root / "terraform/environments" / ENVIRONMENT
        self._root = root
        self._work_dir = work_dir.resolve()
        self._packages = self._work_dir / "package"
        self._tell = tell
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "TF_VAR_", "TF_CLI_"))}
        self._environment = inherited | dict(environment) | {"TF_DATA_DIR": str(self._work_dir / "data")}

    def apply(self, warehouse: Mapping[str, str] | None = None) -> Platform:
        """Create or update everything; `warehouse` is where the warehouse listens. Raises TerraformError."""
        self.prepare()
        (self._work_dir / "warehouse.json").write_text(json.dumps({"warehouse_settings": warehouse}))
        self._run("apply", "-auto-approve", *QUIET, *self._variables())
        listed = json.loads((self._root / "terraform/platform.json").read_text())
        return Platform.named(listed, ENVIRONMENT, warehouse)

    def plan(self) -> list[Change]:
        """What an apply would change; nothing when all is as described. Raises TerraformError."""
        file = self._work_dir / "plan"
        self._run("plan", f"-out={file}", *QUIET, *self._variables())
        shown = json.loads(self._run("show", "-json", str(file)))
        return [
            Change(found["address"], tuple(found["change"]["actions"]), _differing(found["change"]))
            for found in shown.get("resource_changes", [])
            if found["change"]["actions"] not in (["no-op"], ["read"])
        ]

    def destroy(self) -> None:
        """Destroy everything. Raises TerraformError."""
        self._run("destroy", "-auto-approve", *QUIET, *self._variables())

    def show(self) -> dict[str, Any]:
        """Everything that was made, with its attributes, as `terraform show -json` tells it."""
        shown: dict[str, Any] = json.loads(self._run("show", "-json"))
        return shown

    def resources(self) -> list[str]:
        """Addresses of what the state holds."""
        return self._run("state", "list").split()

    def prepare(self) -> None:
        """Fetch the provider and build the packages, where that has not been done. Raises TerraformError."""
        if shutil.which("terraform") is None:
            raise TerraformError("terraform is not installed; install Terraform 1.11 or newer")
        self._work_dir.mkdir(parents=True, exist_ok=True)
        if (self._work_dir / "data/terraform.tfstate").is_file():
            return
        mirror = os.environ.get("TF_PLUGIN_MIRROR")
        source = [f"-plugin-dir={mirror}"] if mirror else []
        self._build_layer()
        self._run("init", f"-backend-config=path={self._work_dir / 'terraform.tfstate'}", *QUIET, *source)

    def _build_layer(self) -> None:
        """The layer is built once per `work_dir`: its packages come from PyPI, which takes its time."""
        self._packages.mkdir(exist_ok=True)
        if not (self._packages / "layer.zip").is_file():
            package.build_layer(self._packages / "layer.zip")

    def _variables(self) -> list[str]:
        package.build_platform(self._packages / "platform.zip", self._root)
        return [f"-var=package_folder={self._packages}", f"-var-file={self._work_dir / 'warehouse.json'}"]

    def _run(self, *arguments: str) -> str:
        command = ["terraform", f"-chdir={self._folder}", *arguments]
        lines = []
        with tempfile.TemporaryFile("w+") as errors:
            process = subprocess.Popen(command, env=self._environment, stdout=subprocess.PIPE, stderr=errors, text=True)
            assert process.stdout is not None
            for line in process.stdout:
                lines.append(line)
                if any(word in line for word in TELLING):
                    self._tell(line.strip())
            if process.wait():
                errors.seek(0)
                said = errors.read().strip() or "".join(lines)
                raise TerraformError(f"terraform {arguments[0]} failed:\n{said[:MOST_SHOWN]}")
        return "".join(lines)


def _differing(change: Mapping[str, Any]) -> tuple[str, ...]:
    before, after = change.get("before") or {}, change.get("after") or {}
    unknown = change.get("after_unknown") or {}
    return tuple(sorted(k for k in {*before, *after} if before.get(k) != after.get(k) and not unknown.get(k)))
