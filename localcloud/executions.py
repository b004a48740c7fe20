"""Step Functions executions that still run are ended when the cloud stops, and their threads with them."""

from __future__ import annotations

import time
from datetime import UTC, datetime

JOIN_S = 5.0


def stop_executions() -> None:
    """Tell every running execution to stop; it does so at its next step."""
    from moto.stepfunctions.parser.models import stepfunctions_parser_backends

    for regions in list(stepfunctions_parser_backends.values()):
        for backend in list(regions.values()):
            for machine in list(backend.state_machines):
                for execution in list(machine.executions):
                    worker = execution.exec_worker
                    if execution.status == "RUNNING" and worker is not None and worker.env is not None:
                        execution.stop(datetime.now(UTC), "LocalCloud.Stopped", "the cloud has been stopped")


def join_executions() -> None:
    """Wait for the executions' threads; what they waited for must have been ended before."""
    from moto.stepfunctions.parser.utils import TMP_THREADS

    deadline = time.monotonic() + JOIN_S
    for thread in list(TMP_THREADS):
        thread.join(max(0.0, deadline - time.monotonic()))
    TMP_THREADS.clear()
