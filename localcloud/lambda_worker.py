"""Runs one handler for one event after another, as Lambda's Python runtime does, until its parent is gone.

Requests arrive on standard input, answers leave on the descriptor given as the first argument, one JSON line each;
standard output and error are the function's log. Needs nothing but the standard library.
"""

from __future__ import annotations

import importlib
import json
import os
import queue
import signal
import sys
import threading
import time
import traceback
from typing import Any


class Context:
    """The second argument of a handler."""

    identity = None
    client_context = None

    def __init__(self, fields: dict[str, Any]) -> None:
        self._ends_at = time.monotonic() + fields.pop("timeout_s")
        self.__dict__.update(fields)

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until the invocation times out."""
        return max(0, int((self._ends_at - time.monotonic()) * 1000))


def main() -> None:
    """Import the handler, say so, and answer requests."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    requests: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_receive, args=(requests,), daemon=True).start()
    with os.fdopen(int(sys.argv[1]), "wb") as answers:
        try:
            handler = _handler(os.environ["_HANDLER"])
        except Exception as error:
            _answer(answers, {"error": _described(error)})
            return
        _answer(answers, {"ready": True})
        while True:
            _answer(answers, _invoke(handler, json.loads(requests.get())))


def _receive(requests: queue.SimpleQueue[bytes]) -> None:
    for line in sys.stdin.buffer:
        requests.put(line)
    os._exit(0)


def _handler(path: str) -> Any:
    module, _, name = path.rpartition(".")
    try:
        return getattr(importlib.import_module(module.replace("/", ".")), name)
    except AttributeError as error:
        raise AttributeError(f"Handler '{name}' missing on module '{module}'") from error


def _invoke(handler: Any, request: dict[str, Any]) -> dict[str, Any]:
    try:
        result = handler(request["event"], Context(request["context"]))
    except Exception as error:
        traceback.print_exc()
        return {"error": _described(error)}
    try:
        return {"payload": json.dumps(result)}
    except (TypeError, ValueError) as error:
        return {"error": {"errorType": "Runtime.MarshalError", "errorMessage": str(error), "stackTrace": []}}


def _described(error: Exception) -> dict[str, Any]:
    kind = "Runtime.ImportModuleError" if isinstance(error, ImportError) else type(error).__name__
    frames = traceback.format_tb(error.__traceback__)
    return {"errorType": kind, "errorMessage": str(error), "stackTrace": frames}


def _answer(answers: Any, answer: dict[str, Any]) -> None:
    sys.stdout.flush()  # the log of an invocation comes before its answer
    sys.stderr.flush()
    answers.write(json.dumps(answer).encode() + b"\n")
    answers.flush()


if __name__ == "__main__":
    main()
