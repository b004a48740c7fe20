"""A failed run is FAILED in the ledger, its lock is free, and what a gate rejected is held until a steward looks.

It copes with a failure before the run was planned, and answers what to tell people: {subject, message, …}.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from cdp.aws.ledger import Ledger
from cdp.aws.raw import manifest_key, read_manifest
from cdp.notice import Failure, failure_notice, next_step
from cdp.run import Run, RunError, branch_of
from cdp.settings import Settings

logger = Logger(service="fail_run")


@logger.inject_lambda_context(log_event=False, clear_state=True)
def handler(event: object, context: LambdaContext) -> dict[str, str]:
    """Close the run of `{"execution": $$.Execution, "state": the data it had}`.

    Returns {subject, message, error, cause}: the first two for SNS, the others for the Fail state.
    """
    settings = Settings.from_environment()
    execution, state = _part(event, "execution"), _part(event, "state")
    failure, run_id = Failure.of(state), _run_id(execution, state)
    logger.set_correlation_id(run_id)
    ledger = Ledger(settings.table("ledger"))
    status = ledger.run(run_id).get("status", "")
    verdicts = ledger.verdicts(run_id)
    rejections = {gate: v["details"] for gate, v in verdicts.items() if v["verdict"] == "fail"}
    held = read_manifest(settings.bucket("raw"), run_id) if rejections else []
    if run_id:
        todo = next_step(failure, run_id, status, len(held))
        ledger.fail_run(run_id, failure.state, f"{failure.error}: {failure.cause}", held, next_step=todo)
    logger.error("run failed", state=failure.state, error=failure.error, batches_held=len(held))
    return failure_notice(
        failure,
        environment=settings.environment,
        run_id=run_id,
        status=status,
        rejections=rejections,
        places=_places(settings, execution, failure, run_id),
        count_held=len(held),
    )


def _part(event: object, name: str) -> Mapping[str, Any]:
    part = event.get(name) if isinstance(event, Mapping) else None
    return part if isinstance(part, Mapping) else {}


def _run_id(execution: Mapping[str, Any], state: Mapping[str, Any]) -> str:
    if run_id := _part(state, "run").get("run_id"):
        return str(run_id)
    try:
        return Run.of(execution).run_id
    except RunError:
        return ""


def _places(settings: Settings, execution: Mapping[str, Any], failure: Failure, run_id: str) -> dict[str, str]:
    """Where a person finds out more."""
    function = f"/aws/lambda/cdp-{settings.environment}-plan_run"
    return {
        "execution": str(execution.get("Id", "unknown")),
        "log groups": function if failure.state == "PlanRun" else "/aws-glue/jobs/output and /aws-glue/jobs/error",
        "manifest": f"s3://{settings.bucket('raw')}/{manifest_key(run_id)}",
        "branch of the lake's tables": branch_of(run_id),
        "ledger": f"{settings.table('ledger')}, pk run#{run_id}",
    }
