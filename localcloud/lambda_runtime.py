"""A Lambda invocation runs the deployed zip in a warm process of its own, with the function's environment."""

from __future__ import annotations

import io
import json
import threading
import time
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

from localcloud.clock import Clock
from localcloud.deliveries import Deliveries
from localcloud.lambda_process import Function, Invocation, LambdaProcess
from localcloud.running import CloudError

MOST_CONCURRENT = 4  # processes per function; more invocations wait for one
IDLE_S = 5.0  # then a process ends, as on AWS, only sooner: a laptop has other uses for its memory
RETRY_WAITS_S = (0.2, 0.5)  # AWS waits one and two minutes before it invokes asynchronously again

Lookup = Callable[[str], Function]
KeepLog = Callable[[Function, str, list[str]], None]
Credentials = Callable[[str], Mapping[str, str]]
OnFailure = Callable[[Function, str, Invocation, int], None]


class LambdaRuntime:
    """Finds or starts a process for each invocation, and keeps the function's log.

    `env` is added to every function's environment (the endpoint), and then the `credentials` of its role; `keep_log`
    gets (function, log stream, lines) of an invocation.
    """

    def __init__(
        self,
        env: Mapping[str, str],
        credentials: Credentials,
        work_dir: Path,
        clock: Clock,
        deliveries: Deliveries,
        keep_log: KeepLog,
    ) -> None:
        self._env = dict(env)
        self._credentials = credentials
        self._work_dir = work_dir
        self._clock = clock
        self._deliveries = deliveries
        self._keep_log = keep_log
        self._idle: dict[LambdaProcess, float] = {}  # since when
        self._busy: set[LambdaProcess] = set()
        self._free = threading.Condition()
        self._unpacked: dict[str, list[str]] = {}
        self._is_stopped = False
        self._retiring = threading.Thread(target=self._retire, name="idle-functions", daemon=True)
        (work_dir / "logs").mkdir(parents=True, exist_ok=True)
        self._retiring.start()

    def invoke(self, function: Function, event: str) -> Invocation:
        """Run the function on `event` (JSON text without line breaks) and wait for it."""
        process = self._take(function)
        try:
            invocation = process.invoke(event)
        finally:
            self._give_back(process)
        self._log(function, process.log_stream, invocation)
        return invocation

    def invoke_async(self, lookup: Lookup, arn: str, event: str, source: str, on_failure: OnFailure) -> None:
        """Run it soon, up to three times; the last failure goes to `on_failure` and into the journal."""

        def work() -> None:
            function = lookup(arn)
            invocation = self.invoke(function, event)
            for wait_s in RETRY_WAITS_S:
                if not invocation.error or self._deliveries.stopping.wait(wait_s):
                    break
                invocation = self.invoke(function, event)
            self._deliveries.record(source, arn, 1, invocation.error)
            if invocation.error:
                on_failure(function, event, invocation, 1 + len(RETRY_WAITS_S))

        self._deliveries.submit(source, arn, work)

    def processes(self) -> list[tuple[str, int]]:
        """Name and process id of every function's process."""
        with self._free:
            return [(p.function.name, p.pid) for p in (*self._idle, *self._busy) if p.is_alive]

    def stop(self) -> None:
        """End every process; invocations that run fail."""
        with self._free:
            self._is_stopped = True
            idle, self._idle = self._idle, {}
            for process in self._busy:
                process.kill()
            self._free.notify_all()
        for process in idle:
            process.kill()
        for process in idle:
            process.stop()
        self._retiring.join()

    def _retire(self) -> None:
        """End processes that have been idle for long, until the cloud stops."""
        while True:
            with self._free:
                if self._is_stopped:
                    return
                latest = time.monotonic() - IDLE_S
                retired = [process for process, since in self._idle.items() if since < latest]
                for process in retired:
                    del self._idle[process]
                if not retired:
                    self._free.wait(1.0)
            for process in retired:
                process.stop()

    def _take(self, function: Function) -> LambdaProcess:
        with self._free:
            while True:
                if self._is_stopped:
                    raise CloudError("the cloud has been stopped")
                outdated = []
                for process in [p for p in self._idle if p.function.arn == function.arn]:
                    del self._idle[process]
                    if process.is_alive and process.function.fingerprint == function.fingerprint:
                        self._busy.add(process)
                        return process
                    outdated.append(process)
                for process in outdated:
                    process.stop()
                if sum(p.function.arn == function.arn for p in self._busy) < MOST_CONCURRENT:
                    env = self._env | dict(self._credentials(function.role))
                    process = LambdaProcess(function, self._unpack(function), env)
                    self._busy.add(process)
                    return process
                self._free.wait()

    def _give_back(self, process: LambdaProcess) -> None:
        with self._free:
            self._busy.discard(process)
            is_reusable = process.is_ready and process.is_alive and not self._is_stopped
            if is_reusable:
                self._idle[process] = time.monotonic()
            self._free.notify_all()
        if not is_reusable:
            process.stop()

    def _unpack(self, function: Function) -> list[str]:
        """Folders with the code and its layers, unpacked once for all processes."""
        key = f"{function.name}-{function.code_sha256[:12]}".replace("/", "_").replace("+", "-")
        if key not in self._unpacked:
            folder = self._work_dir / "functions" / key
            zipfile.ZipFile(io.BytesIO(function.code)).extractall(folder)
            paths = [str(folder)]
            for number, layer in enumerate(function.layers):
                zipfile.ZipFile(io.BytesIO(layer)).extractall(folder.with_name(f"{key}-layer{number}"))
                paths.append(str(folder.with_name(f"{key}-layer{number}") / "python"))
            self._unpacked[key] = paths
        return self._unpacked[key]

    def _log(self, function: Function, log_stream: str, invocation: Invocation) -> None:
        request_id = invocation.request_id
        lines = [
            f"START RequestId: {request_id} Version: {function.version}",
            *invocation.log.splitlines(),
            *([] if not invocation.error else [invocation.payload]),
            f"END RequestId: {request_id}",
            f"REPORT RequestId: {request_id}\tDuration: {invocation.seconds * 1000:.2f} ms\t"
            f"Memory Size: {function.memory_mb} MB",
        ]
        with (self._work_dir / "logs" / f"{function.name}.log").open("a") as file:
            file.write("\n".join(lines) + "\n")
        day = self._clock.now().strftime("%Y/%m/%d")
        self._keep_log(function, f"{day}/{log_stream}", lines)


def failure_record(function: Function, event: str, invocation: Invocation, attempts: int, clock: Clock) -> str:
    """The JSON text that an asynchronous invocation's on-failure destination receives."""
    return json.dumps(
        {
            "version": "1.0",
            "timestamp": clock.now().strftime("%Y-%m-%dT%H:%M:%S.000Z"),
            "requestContext": {
                "requestId": invocation.request_id,
                "functionArn": f"{function.arn}:{function.version}",
                "condition": "RetriesExhausted",
                "approximateInvokeCount": attempts,
            },
            "requestPayload": json.loads(event),
            "responseContext": {
                "statusCode": 200,
                "executedVersion": function.version,
                "functionError": "Unhandled",
            },
            "responsePayload": json.loads(invocation.payload),
        }
    )
