"""The desk over what a demo left: the laptop's Redshift on the demo's file, and Streamlit in a process of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

from rich.console import Console

from localcloud.queries import QueryError, serve_warehouse

ROOT = Path(__file__).resolve().parent.parent
APP = "dashboard/app.py"
STOP_S = 5.0


def run(console: Console, work_dir: Path, role: str, port: int, address: str) -> int:
    """Serve the desk until Ctrl-C; raises QueryError when there is nothing to show."""
    summary = (work_dir / "summary.json").resolve()
    if not summary.is_file():
        raise QueryError(f"there is no finished demo in {work_dir}; `make demo` makes one")
    with serve_warehouse(work_dir, role) as warehouse:
        process = subprocess.Popen(
            [sys.executable, "-m", "streamlit", "run", APP, f"--server.port={port}", f"--server.address={address}"],
            cwd=ROOT,
            env=environment(warehouse, role, summary),
            stdout=subprocess.DEVNULL,
        )
        console.print(f"The desk for the role {role}: http://{address}:{port}   Ctrl-C ends it", soft_wrap=True)
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            return process.wait()
        except KeyboardInterrupt:
            return 0
        finally:
            _stop(process)


def environment(warehouse: dict[str, str], role: str, summary: Path) -> dict[str, str]:
    """The variables a desk is set up with, as `dashboard/data.py` reads them."""
    settings = {"environment": "local", "warehouse": warehouse}
    desk = {"CDP_SETTINGS": json.dumps(settings), "CDP_DESK_ROLE": role, "CDP_DESK_SUMMARY": str(summary)}
    return os.environ | desk


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
