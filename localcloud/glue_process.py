"""The processes of job runs, forked from one that has already imported what they need."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

from localcloud import child_process
from localcloud.running import CloudError

LAUNCHER = Path(__file__).with_name("glue_launcher.py")
ENDED = "the process that forks job runs has ended"


class JobProcess:
    """A process that waits for its order on `stdin` and tells the outcome on `stdout`; it is no child of this one."""

    def __init__(self, order: int, outcome: int, life: int) -> None:
        self.stdin: IO[bytes] = os.fdopen(order, "wb")
        self.stdout: IO[bytes] = os.fdopen(outcome, "rb")
        self._life = os.fdopen(life, "rb", buffering=0)
        self.returncode: int | None = None
        if not (pid := self._life.readline()):
            self.close()
            raise CloudError(ENDED)
        self.pid = int(pid)

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code, negative for the signal that killed it. Raises subprocess.TimeoutExpired."""
        if self.returncode is None:
            if not select.select([self._life], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired(str(LAUNCHER), timeout or 0)
            self.returncode = int(self._life.readline() or -signal.SIGKILL)
        return self.returncode

    def poll(self) -> int | None:
        """Its exit code, or None while it runs."""
        try:
            return self.wait(0)
        except subprocess.TimeoutExpired:
            return None

    def terminate(self) -> None:
        """Ask it to end."""
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self._signal(signal.SIGKILL)

    def close(self) -> None:
        """Give back the pipes to a process that has ended."""
        for pipe in (self.stdin, self.stdout, self._life):
            pipe.close()

    def _signal(self, number: int) -> None:
        if self.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)


class Launcher:
    """Forks processes that have imported the modules named in `preload`, where these can be imported."""

    def __init__(self, preload: Sequence[str], env: Mapping[str, str], cwd: Path) -> None:
        self._socket, theirs = socket.socketpair()
        with theirs:
            self._process = child_process.start_python(
                LAUNCHER,
                [str(theirs.fileno()), *preload],
                env=env,
                cwd=cwd,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
            )

    def fork(self) -> JobProcess:
        """A process for one run. Raises CloudError where the launcher has ended."""
        order, their_order = os.pipe()[::-1]
        outcome, their_outcome = os.pipe()
        life, their_life = os.pipe()
        theirs = [their_order, their_outcome, their_life]
        try:
            socket.send_fds(self._socket, [b"."], theirs)
        except OSError:
            for pipe in (order, outcome, life):
                os.close(pipe)
            raise CloudError(ENDED) from None
        finally:
            for pipe in theirs:
                os.close(pipe)
        return JobProcess(order, outcome, life)

    def stop(self) -> None:
        """End the launcher; runs that it forked go on."""
        self._socket.close()
        child_process.stop(self._process)
