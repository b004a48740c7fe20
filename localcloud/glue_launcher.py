"""Forks a process for each Glue job run, which runs the script as `__main__` and reports how it ended.

The launcher imports the libraries named in its arguments once, for all of them: that costs seconds. Over the socket
whose descriptor is its first argument it gets three descriptors a run: of the pipes that the order comes from, that
the outcome goes to, and that the run's process id and exit code go to, a line each.

The order is a JSON line: {"script", "arguments", "path", "log", "environment"}. The outcome is
{"error": "ValueError: …"} or {}; the script's own output goes to the log file. No run outlives the process that can
write its orders.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import runpy
import signal
import socket
import sys
import threading
import traceback
from typing import Any


def main() -> None:
    """Import, then fork until the socket is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel buries the keepers
    connection = socket.socket(fileno=int(sys.argv[1]))
    for name in sys.argv[2:]:
        try:
            importlib.import_module(name)
        except ImportError:
            continue  # the script will say so if it needs it
    gc.freeze()  # what is never visited is never copied
    while pipes := socket.recv_fds(connection, 1, 3)[1]:
        if not os.fork():
            connection.close()
            _keep(*pipes)
        for pipe in pipes:
            os.close(pipe)


def _keep(order: int, outcome: int, life: int) -> None:
    """Fork the run's process and tell its id and its exit code; only a parent gets to know the code."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    run = os.fork()
    if not run:
        os.close(life)
        os.dup2(order, 0)
        os.dup2(outcome, 1)
        os.close(order)
        os.close(outcome)
        _carry_out()
    os.close(order)
    os.close(outcome)
    try:
        os.write(life, f"{run}\n".encode())
        os.write(life, f"{os.waitstatus_to_exitcode(os.waitpid(run, 0)[1])}\n".encode())
    finally:
        os._exit(0)


def _carry_out() -> None:
    text = sys.stdin.readline()
    if not text:
        sys.exit()
    order = json.loads(text)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    outcome = os.fdopen(os.dup(1), "w")
    log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(log, 1)
    os.dup2(log, 2)
    error = _run(order)
    sys.stdout.flush()
    sys.stderr.flush()
    outcome.write(json.dumps({"error": error} if error else {}))
    outcome.close()
    sys.exit(1 if error else 0)


def _run(order: dict[str, Any]) -> str:
    """The last line of the traceback, "" when the script ended well."""
    os.environ.update(order["environment"])
    sys.path[:0] = order["path"]
    sys.argv = [order["script"], *order["arguments"]]
    try:
        runpy.run_path(order["script"], run_name="__main__")
    except SystemExit as error:
        return "" if error.code in (None, 0) else f"SystemExit: {error.code}"
    except BaseException as error:
        traceback.print_exc()
        return "".join(traceback.format_exception_only(error)).strip()
    return ""


def _end_with_parent() -> None:
    sys.stdin.read()
    os._exit(1)


if __name__ == "__main__":
    main()
