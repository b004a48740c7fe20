"""Runs one Glue script as `__main__`, reports how it ended, and never outlives the process that started it.

The order arrives as a JSON line on standard input: {"script", "arguments", "path", "log", "environment"}. A launcher
may be started before there is an order, to import the libraries named in its arguments meanwhile. The outcome leaves
on standard output: {"error": "ValueError: …"} or {}; the script's own output goes to the log file.
"""

from __future__ import annotations

import importlib
import json
import os
import runpy
import signal
import sys
import threading
import traceback
from typing import Any


def main() -> None:
    """Import, wait for the order, run."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    for name in sys.argv[1:]:
        try:
            importlib.import_module(name)
        except ImportError:
            continue  # the script will say so if it needs it
    text = sys.stdin.readline()
    if not text:
        return
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
