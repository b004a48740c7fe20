"""One warm process of one function: takes an event, gives the answer and the log lines that belong to it."""

from __future__ import annotations

import json
import os
import selectors
import subprocess
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from localcloud import child_process

WORKER = Path(__file__).with_name("lambda_worker.py")
INIT_TIMEOUT_S = 60.0


@dataclass(frozen=True)
class Function:
    """What is deployed under a function's name."""

    arn: str
    name: str
    version: str
    handler: str
    code: bytes = field(repr=False)
    code_sha256: str
    variables: Mapping[str, str] = field(repr=False)
    timeout_s: float
    memory_mb: int
    account: str
    region: str
    role: str = ""
    layers: tuple[bytes, ...] = field(default=(), repr=False)

    @property
    def fingerprint(self) -> tuple[object, ...]:
        """Changes when a process of the function is out of date."""
        return (self.arn, self.code_sha256, self.handler, tuple(sorted(self.variables.items())))


@dataclass(frozen=True)
class Invocation:
    """An invocation's result: JSON text, the error's type ("" for none) and the log."""

    request_id: str
    payload: str
    error: str
    log: str
    seconds: float = 0.0


class LambdaProcess:
    """A process that has imported the function's handler, or will say why it could not."""

    def __init__(self, function: Function, search_path: list[str], env: Mapping[str, str]) -> None:
        self.function = function
        self.log_stream = f"[{function.version}]{uuid.uuid4().hex}"
        answers, worker_end = os.pipe()
        log, log_end = os.pipe()
        variables = child_process.environment(self._variables(search_path), function.variables, env)
        self._process = child_process.start_python(
            WORKER,
            [str(worker_end)],
            env=variables,
            cwd=Path(search_path[0]),
            stdout=log_end,
            stderr=log_end,
            pass_fds=[worker_end],
        )
        os.close(worker_end)
        os.close(log_end)
        self._answers, self._log = answers, log
        self._pending = b""
        self.is_ready = False

    @property
    def pid(self) -> int:
        """Process id."""
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        """Whether the process can take another event."""
        return self._process.poll() is None

    def invoke(self, event: str) -> Invocation:
        """Run the handler on `event` (JSON text without line breaks); the process is dead after some errors."""
        request_id, started = str(uuid.uuid4()), time.monotonic()
        log = bytearray()
        answer: dict[str, Any] | None = {}
        if not self.is_ready:
            answer = self._receive(INIT_TIMEOUT_S, log)
            self.is_ready = bool(answer and answer.get("ready"))
        if self.is_ready:
            started = time.monotonic()
            self._send(request_id, event)
            answer = self._receive(self.function.timeout_s, log)
        return self._result(request_id, answer, log, time.monotonic() - started)

    def stop(self) -> None:
        """End the process; safe to call twice."""
        child_process.stop(self._process)
        for descriptor in (self._answers, self._log):
            if descriptor >= 0:
                os.close(descriptor)
        self._answers = self._log = -1

    def kill(self) -> None:
        """End the process at once, from any thread; an invocation that runs on it fails."""
        self._process.kill()

    def _send(self, request_id: str, event: str) -> None:
        function = self.function
        context = {
            "function_name": function.name,
            "function_version": function.version,
            "invoked_function_arn": function.arn,
            "memory_limit_in_mb": str(function.memory_mb),
            "aws_request_id": request_id,
            "log_group_name": f"/aws/lambda/{function.name}",
            "log_stream_name": self.log_stream,
            "timeout_s": function.timeout_s,
        }
        line = f'{{"context":{json.dumps(context)},"event":{event}}}\n'
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(line.encode())
            self._process.stdin.flush()
        except OSError:
            pass  # it died; the end of its answers says so

    def _receive(self, timeout_s: float, log: bytearray) -> dict[str, Any] | None:
        """The next answer; {} when the process ended, None when time is up. The log is read along."""
        deadline = time.monotonic() + timeout_s
        with selectors.DefaultSelector() as selector:
            selector.register(self._answers, selectors.EVENT_READ)
            selector.register(self._log, selectors.EVENT_READ)
            while b"\n" not in self._pending:
                ready = selector.select(max(0.0, deadline - time.monotonic()))
                if not ready:
                    self._process.kill()
                    self._process.wait()  # until then it would pass for one that can take another event
                    self._drain(log)
                    return None
                for key, _ in ready:
                    chunk = os.read(key.fd, 1 << 20)
                    if key.fd == self._log:
                        log += chunk
                        if not chunk:
                            selector.unregister(self._log)
                    elif chunk:
                        self._pending += chunk
                    else:
                        self._drain(log)
                        return {}
        line, _, self._pending = self._pending.partition(b"\n")
        self._drain(log)
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _drain(self, log: bytearray) -> None:
        """Read what is already in the log's pipe."""
        os.set_blocking(self._log, False)
        try:
            while chunk := os.read(self._log, 1 << 20):
                log += chunk
        except BlockingIOError:
            pass
        finally:
            os.set_blocking(self._log, True)

    def _result(self, request_id: str, answer: dict[str, Any] | None, log: bytearray, seconds: float) -> Invocation:
        text = log.decode(errors="replace")
        if answer and "payload" in answer:
            return Invocation(request_id, answer["payload"], "", text, seconds)
        if answer and "error" in answer:
            error = answer["error"] | {"requestId": request_id}
        elif answer is None:
            what = f"Task timed out after {self.function.timeout_s:.2f} seconds"
            error = {"errorType": "Sandbox.Timedout", "errorMessage": f"RequestId: {request_id} Error: {what}"}
        else:
            what = f"Runtime exited with error: {_ending(self._process)}"
            error = {"errorType": "Runtime.ExitError", "errorMessage": f"RequestId: {request_id} Error: {what}"}
        return Invocation(request_id, json.dumps(error), error["errorType"], text, seconds)

    def _variables(self, search_path: list[str]) -> dict[str, str]:
        function = self.function
        return {
            "PYTHONPATH": os.pathsep.join(search_path),
            "TZ": "UTC",
            "_HANDLER": function.handler,
            "LAMBDA_TASK_ROOT": search_path[0],
            "AWS_EXECUTION_ENV": "AWS_Lambda_python3.11",
            "AWS_LAMBDA_FUNCTION_NAME": function.name,
            "AWS_LAMBDA_FUNCTION_VERSION": function.version,
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory_mb),
            "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{function.name}",
            "AWS_LAMBDA_LOG_STREAM_NAME": self.log_stream,
        }


def _ending(process: subprocess.Popen[bytes]) -> str:
    try:
        code = process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        code = process.wait()
    return f"signal: {-code}" if code < 0 else f"exit status {code}"
