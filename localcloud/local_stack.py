"""A cloud that stays up in the background with what Terraform made in it, until it is destroyed.

    stack = LocalStack(Path("build/local"), console)
    stack.apply()      # again after every change
    stack.day(world)
    stack.destroy()    # and the cloud is gone

Everything lies below its folder: Terraform's state, logs, the warehouse's file, and how to reach the cloud.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psutil
from rich.console import Console

from localcloud.cloud_process import RunningCloud
from localcloud.day import DemoError, Stage, let_day_arrive, run_day
from localcloud.platform import ROOT, Platform
from localcloud.terraform import ENVIRONMENT, Terraform, TerraformError
from sample_data.world import World
from terraform import wiring

APPLIED = (
    "Applied. `make local-day` runs a day of data through it, `make local-plan` shows what a change would do, "
    "`make check-wiring` looks whether all fits together, `make local-destroy` ends it. To use any AWS client on it:"
)
DAYS = (1, 2)
START_S = 60.0
STOP_S = 30.0


class LocalStack:
    """The stack below `work_dir`, of the checkout at `root`; there is one cloud per folder."""

    def __init__(self, work_dir: Path, console: Console, root: Path = ROOT) -> None:
        self._work_dir = work_dir.resolve()
        self._console = console
        self._root = root
        self._file = self._work_dir / "cloud.json"

    def apply(self) -> None:
        """Start the cloud unless it runs, and create or update the platform. Raises TerraformError."""
        running = self._running() or self._start()
        with self._console.status("terraform apply") as status:
            self._terraform(running, status.update).apply(running["warehouse"])
        exports = " ".join(f"{name}={value}" for name, value in running["environment"].items())
        self._console.print(APPLIED)
        self._console.print(f"export {exports}", soft_wrap=True)

    def plan(self) -> None:
        """Print what an apply would change. Raises TerraformError."""
        with self._console.status("terraform plan"):
            changes = self._terraform(self._needed()).plan()
        for change in changes:
            self._console.print(f"{'/'.join(change.actions):8} {change.address}  {', '.join(change.attributes)}")
        self._console.print(f"Changes: {len(changes)}" if changes else "No changes")

    def day(self, world: World) -> None:
        """The next day of sample data through what was made, held against its answer key. Raises DemoError.

        A day's data arrives once: after a run that failed, only the run is repeated.
        """
        stage, samples = self.stage(), self._work_dir / "sample"
        left = [number for number in DAYS if not (samples / f"day={number}" / "played").exists()]
        if not left:
            raise DemoError("every day has been played here; `make local-destroy local-apply` begins afresh")
        folder = samples / f"day={left[0]}"
        if not (folder / "arrived").exists():
            let_day_arrive(stage, world, left[0])
            (folder / "arrived").touch()
        run_day(stage, world, left[0], json.loads((folder / "expected.json").read_text()), 0)
        (folder / "played").touch()

    def stage(self) -> Stage:
        """What a demo or a test plays on; this process's AWS clients are pointed at the cloud."""
        running = self._needed()
        os.environ.update(running["environment"])
        cloud = RunningCloud(running["environment"], self._work_dir / "cloud")
        listed = json.loads((self._root / "terraform/platform.json").read_text())
        platform = Platform.named(listed, ENVIRONMENT, running["warehouse"])
        return Stage(self._work_dir, self._console, cloud, None, platform)

    def check_wiring(self) -> None:
        """Raises TerraformError with every finding of terraform/wiring.py about what was made."""
        found = wiring.findings(wiring.Stack(self._terraform(self._needed()).show()), ENVIRONMENT)
        if found:
            raise TerraformError("\n".join(found))
        self._console.print("Everything fits together")

    def destroy(self) -> None:
        """Destroy everything that Terraform made, then end the cloud and forget it. Raises TerraformError."""
        running = self._needed()
        with self._console.status("terraform destroy") as status:
            terraform = self._terraform(running, status.update)
            terraform.destroy()
            left = terraform.resources()
        if left:
            raise TerraformError(f"terraform destroy left {', '.join(left)}")
        self.stop()
        shutil.rmtree(self._work_dir)
        self._console.print("Destroyed; the cloud has ended")

    def stop(self) -> None:
        """End the cloud, if it runs, and with it everything in it."""
        if (running := self._running()) is not None:
            process = psutil.Process(running["pid"])
            process.terminate()
            process.wait(STOP_S)

    def start(self) -> Terraform:
        """Start the cloud unless it runs, and make Terraform ready for it. Raises TerraformError."""
        terraform = self._terraform(self._running() or self._start())
        terraform.prepare()
        return terraform

    def _terraform(self, running: Mapping[str, Any], tell: Any = lambda _: None) -> Terraform:
        return Terraform(running["environment"], self._work_dir / "terraform", self._root, tell)

    def _needed(self) -> dict[str, Any]:
        running = self._running()
        if running is None:
            raise TerraformError(f"no cloud runs in {self._work_dir}; `make local-apply` starts one")
        return running

    def _running(self) -> dict[str, Any] | None:
        """What the cloud wrote about itself, None when it does not run."""
        if not self._file.is_file():
            return None
        written: dict[str, Any] = json.loads(self._file.read_text())
        try:
            is_ours = "localcloud" in psutil.Process(written["pid"]).cmdline()
        except psutil.NoSuchProcess:
            return None
        return written if is_ours else None

    def _start(self) -> dict[str, Any]:
        """A new cloud knows nothing of what an older one held, and so neither may Terraform's state."""
        shutil.rmtree(self._work_dir, ignore_errors=True)
        self._work_dir.mkdir(parents=True)
        command = [sys.executable, "-m", "localcloud", "serve", "--work-dir", str(self._work_dir)]
        with (self._work_dir / "cloud.log").open("wb") as log:
            process = subprocess.Popen(
                command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        try:
            deadline = time.monotonic() + START_S
            while time.monotonic() < deadline and process.poll() is None:
                if (running := self._running()) is not None:
                    return running
                time.sleep(0.1)
        except KeyboardInterrupt:
            process.terminate()
            raise
        raise TerraformError(f"the cloud did not start; see {self._work_dir / 'cloud.log'}")


def write_self(work_dir: Path, environment: Mapping[str, str], warehouse: Mapping[str, str]) -> None:
    """Say where this process's cloud and warehouse listen, all at once."""
    written = {"pid": os.getpid(), "environment": dict(environment), "warehouse": dict(warehouse)}
    part = work_dir / "cloud.json.part"
    part.write_text(json.dumps(written))
    part.rename(work_dir / "cloud.json")
