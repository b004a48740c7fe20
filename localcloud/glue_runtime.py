"""A Glue job run is the job's script in a process of its own; its state, error and log tell what became of it."""

from __future__ import annotations

import json
import os
import select
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from localcloud import child_process
from localcloud.clock import Clock
from localcloud.glue_process import JobProcess, Launcher

SHIM = Path(__file__).with_name("glue_shim")
DEFAULT_TIMEOUT_MIN = 2880
LONGEST_ERROR = 2000
OURS = ("--extra-py-files", "--extra-files", "--TempDir", "--job-bookmark-option", "--enable-metrics")


@dataclass
class GlueRun:
    """One run of one job, as GetJobRun shows it."""

    job: str
    run_id: str
    script: str
    arguments: Mapping[str, str]
    timeout_s: float
    role: str = ""
    state: str = "STARTING"
    error: str = ""
    started_at: datetime | None = None
    completed_at: datetime | None = None
    seconds: float = 0.0
    process: JobProcess | None = field(default=None, repr=False)

    @property
    def is_open(self) -> bool:
        """Whether it has not ended."""
        return self.state in ("STARTING", "RUNNING", "STOPPING")


Fetch = Callable[[GlueRun, str, Path], None]
KeepLog = Callable[[GlueRun, list[str]], None]
Credentials = Callable[[str], Mapping[str, str]]


class GlueRuntime:
    """Starts, watches and stops job runs.

    `fetch(run, uri, file)` downloads a script or library under the run's role, whose `credentials` its process gets;
    `preload` names third-party modules that have already been imported when a run starts.
    """

    def __init__(
        self,
        env: Mapping[str, str],
        credentials: Credentials,
        work_dir: Path,
        clock: Clock,
        fetch: Fetch,
        keep_log: KeepLog,
        preload: Sequence[str] = (),
    ) -> None:
        self._credentials = credentials
        self._work_dir = work_dir
        self._clock = clock
        self._fetch = fetch
        self._keep_log = keep_log
        self._lock = threading.Lock()
        self._watchers: list[threading.Thread] = []
        self.runs: dict[str, GlueRun] = {}
        (work_dir / "logs").mkdir(parents=True, exist_ok=True)
        own = {"PYTHONPATH": str(SHIM), "PYTHONUNBUFFERED": "1", "TZ": "UTC"}
        self._launcher = Launcher(preload, child_process.environment(env, own), work_dir)

    def start(self, run: GlueRun) -> None:
        """Begin a run; it goes on in a thread."""
        run.started_at = self._clock.now()
        self.runs[run.run_id] = run
        watcher = threading.Thread(target=self._watch, args=(run,), daemon=True, name=f"glue-{run.job}")
        self._watchers = [*(w for w in self._watchers if w.is_alive()), watcher]
        watcher.start()

    def stop_run(self, run_id: str) -> None:
        """End a run that has not ended; it becomes STOPPED."""
        run = self.runs[run_id]
        with self._lock:
            if not run.is_open:
                return
            run.state = "STOPPING"
            process = run.process
        if process is not None:
            process.terminate()

    def stop(self) -> None:
        """End every run, and wait for them."""
        self._launcher.stop()
        for run in list(self.runs.values()):
            if run.is_open:
                run.state = "STOPPING"
                if run.process is not None:
                    run.process.kill()
        for watcher in self._watchers:
            watcher.join(child_process.GRACE_S)

    def _watch(self, run: GlueRun) -> None:
        began = time.monotonic()
        log = self._work_dir / "logs" / f"{run.job}-{run.run_id[:11]}.log"
        try:
            order = self._order(run, log)
            run.process = self._launcher.fork()
            state, error = self._outcome(run, order)
        except Exception as problem:
            state, error = "FAILED", f"{type(problem).__name__}: {problem}"
        if run.process is not None:
            child_process.stop(run.process)
            run.process.close()
        if error:
            with log.open("a") as file:
                file.write(f"{state}: {error}\n")
        run.seconds = time.monotonic() - began
        run.completed_at = self._clock.now()
        run.error = error[:LONGEST_ERROR]
        if log.exists():
            self._keep_log(run, log.read_text(errors="replace").splitlines())
        run.state = state

    def _order(self, run: GlueRun, log: Path) -> dict[str, object]:
        folder = self._work_dir / "jobs" / run.run_id[:11]
        folder.mkdir(parents=True, exist_ok=True)
        script = folder / f"{run.job}.py"
        self._fetch(run, run.script, script)
        path = []
        for uri in filter(None, run.arguments.get("--extra-py-files", "").split(",")):
            library = folder / os.path.basename(uri)
            self._fetch(run, uri, library)
            path.append(str(library))
        arguments = ["--JOB_NAME", run.job, "--JOB_RUN_ID", run.run_id]
        for name, value in run.arguments.items():
            if name not in OURS:
                arguments += [name, value]
        order = {"script": str(script), "arguments": arguments, "path": path, "log": str(log)}
        return order | {"environment": dict(self._credentials(run.role))}

    def _outcome(self, run: GlueRun, order: dict[str, object]) -> tuple[str, str]:
        process = run.process
        assert process is not None
        with self._lock:
            if run.state == "STARTING":
                run.state = "RUNNING"
        if run.state == "STOPPING":
            return "STOPPED", ""
        process.stdin.write(json.dumps(order).encode() + b"\n")
        process.stdin.flush()
        if not select.select([process.stdout], [], [], run.timeout_s)[0]:
            process.kill()
            return "TIMEOUT", f"job run exceeded its timeout of {run.timeout_s / 60:g} minutes"
        answer = process.stdout.read()
        code = process.wait()
        if run.state == "STOPPING":
            return "STOPPED", ""
        if code < 0:
            return "FAILED", f"killed by signal {-code}"
        if code or not answer:
            error = json.loads(answer).get("error") if answer else None
            return "FAILED", str(error or f"the process ended with exit code {code}")
        return "SUCCEEDED", ""
