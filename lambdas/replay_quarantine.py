"""Quarantined records come back, fixed, through the same intake as at first; replaying them again changes no table.

Objects come before the receipt, as in every intake: a replay that dies midway left nothing that counts, and is
repeated. Records that still break their contract lie in quarantine again, with their new reasons.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import orjson
from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from cdp.aws import objects
from cdp.aws.ledger import Ledger
from cdp.fix import Fix
from cdp.intake_metrics import publish
from cdp.quarantine import replay_key
from cdp.replay import STAGE, Replay, Selection
from cdp.settings import Settings

PART_RECORDS = 20_000

logger = Logger(service=STAGE)


@logger.inject_lambda_context(log_event=False, clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Replay the next records of `event` {select, fix, edited, after}.

    `edited` is the key of a gzip JSON-lines file in the quarantine bucket. Returns the event with the numbers
    so far (selected, accepted, quarantined), `after` for the next call and `is_done`. Raises FixError and
    SelectionError.
    """
    settings, select = Settings.from_environment(), Selection.of(event.get("select"))
    bucket, edited = settings.bucket("quarantine"), event.get("edited")
    fix = Fix.of(event.get("fix") or {"name": "as received"}, objects.read_lines(bucket, edited) if edited else ())
    lines, after = _next(bucket, select, event.get("after") or "")
    if fix.edited:
        lines = [line for line in lines if line["record_id"] in fix.edited]
    replay = Replay.of(lines, fix)
    if replay.history:
        _commit(settings, replay, replay.name(fix))
    outcomes = [entry["outcome"] for entry in replay.history]
    counts = {
        "selected": len(outcomes),
        "accepted": outcomes.count("accepted"),
        "quarantined": outcomes.count("quarantined"),
    }
    logger.info("replayed", fix=fix.name, is_done=not after, counts=counts)
    totals = {name: int(event.get(name) or 0) + count for name, count in counts.items()}
    return {**event, **totals, "after": after, "is_done": not after}


def _next(bucket: str, select: Selection, after: str) -> tuple[list[dict[str, Any]], str]:
    """Selected lines of the next objects, and the key to go on after: empty when these were the last."""
    found: list[dict[str, Any]] = []
    for key in objects.keys(bucket, select.prefix, after):
        if len(found) >= PART_RECORDS:
            return found, after
        if select.has_key(key):
            found += filter(select.has_line, map(orjson.loads, objects.read_lines(bucket, key)))
        after = key
    return found, ""


def _commit(settings: Settings, replay: Replay, name: str) -> None:
    logger.set_correlation_id(name)
    receipts = replay.intake.store(settings, name)
    history = replay.history_lines(name, datetime.now(UTC).isoformat(timespec="seconds"))
    objects.put_lines(settings.bucket("quarantine"), replay_key(name), history)
    ledger = Ledger(settings.table("ledger"))
    for receipt in receipts:
        ledger.put_receipt(receipt)
    publish(settings, receipts, replay.intake.count_extra_fields)
