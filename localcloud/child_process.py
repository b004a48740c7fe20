"""A child process ends when the process that started it is gone, whatever way that went.

A child's standard input is a pipe that only its parent can write to. Everyone a LocalCloud starts reads it in a
thread, and leaves when it ends; the kernel closes it also for a parent that was killed.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Protocol

INHERITED = (
    *("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "LD_LIBRARY_PATH"),
    *("JAVA_HOME", "SPARK_HOME", "SPARK_CONF_DIR", "PYSPARK_PYTHON"),
)
GRACE_S = 3.0


def environment(*more: Mapping[str, str]) -> dict[str, str]:
    """What a child needs of this process's environment, and `more`; no AWS settings of the user's get through."""
    variables = {name: os.environ[name] for name in INHERITED if name in os.environ}
    for mapping in more:
        variables |= mapping
    return variables


def start_python(
    script: Path,
    arguments: Sequence[str] = (),
    *,
    env: Mapping[str, str],
    cwd: Path,
    stdout: int,
    stderr: int,
    pass_fds: Sequence[int] = (),
) -> subprocess.Popen[bytes]:
    """Run a script on this interpreter; its own folder does not get onto `sys.path`."""
    return subprocess.Popen(
        [sys.executable, "-P", str(script), *arguments],
        stdin=subprocess.PIPE,
        stdout=stdout,
        stderr=stderr,
        env=dict(env),
        cwd=cwd,
        pass_fds=tuple(pass_fds),
    )


class _Process(Protocol):
    """What it takes to end one: subprocess.Popen's part of it."""

    @property
    def stdin(self) -> IO[bytes] | None: ...
    def poll(self) -> int | None: ...
    def wait(self, timeout: float | None = None) -> int: ...
    def terminate(self) -> None: ...
    def kill(self) -> None: ...


def stop(process: _Process, grace_s: float = GRACE_S) -> None:
    """End a child (terminate, then kill) and wait until it is gone."""
    if process.stdin is not None:
        with contextlib.suppress(OSError):
            process.stdin.close()
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(grace_s)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
