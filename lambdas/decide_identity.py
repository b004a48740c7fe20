"""A steward says which person records are one human and which are not; every later run makes it so."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from cdp.aws.pending_decisions import PendingDecisions
from cdp.settings import Settings
from cdp.steward import decisions_of

logger = Logger(service="decide_identity")


@logger.inject_lambda_context(log_event=False, clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Keep what `event` {action, person_ids, decided_by, reason} decides; returns {decision_ids}.

    Raises StewardError when it says too little or names no person records.
    """
    decisions = decisions_of(event, datetime.now(UTC))
    PendingDecisions(Settings.from_environment().table("ledger")).put(decisions)
    logger.info("decisions kept", action=event["action"], decisions=len(decisions))
    return {"decision_ids": [decision.decision_id for decision in decisions]}
