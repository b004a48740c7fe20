"""A steward's decisions wait in the ledger until a run has published them with the lake's table.

Items have pk `decision#pending` and the decision's id as sk. One that no run can use, because its person record never
came, expires: the ledger must not remember people whom the lake has forgotten.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

import boto3
from boto3.dynamodb.conditions import Key

from cdp.steward import Decision

PENDING = "decision#pending"
KEPT = timedelta(days=30)


class PendingDecisions:
    """Reads and writes the pending decisions in the ledger table; every write may be repeated."""

    def __init__(self, table_name: str) -> None:
        self._name = table_name

    @cached_property
    def _table(self) -> Any:
        return boto3.resource("dynamodb").Table(self._name)

    def put(self, decisions: Iterable[Decision]) -> None:
        """Let decisions wait for the next run."""
        for decision in decisions:
            at = {"decided_at": decision.decided_at.isoformat()}
            expires_at = int((decision.decided_at + KEPT).timestamp())
            item = {"pk": PENDING, "sk": decision.decision_id, "expires_at": expires_at, **asdict(decision), **at}
            self._table.put_item(Item=item)

    def all(self) -> list[Decision]:
        """Decisions that wait, by id."""
        found: list[Decision] = []
        start: dict[str, Any] = {}
        while True:
            answer = self._table.query(KeyConditionExpression=Key("pk").eq(PENDING), ConsistentRead=True, **start)
            found += map(_decision, answer["Items"])
            if "LastEvaluatedKey" not in answer:
                return found
            start = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}

    def remove(self, decision_ids: Iterable[str]) -> None:
        """Forget decisions that the lake has."""
        with self._table.batch_writer() as batch:
            for decision_id in decision_ids:
                batch.delete_item(Key={"pk": PENDING, "sk": decision_id})


def _decision(item: dict[str, Any]) -> Decision:
    stated = {name: item[name] for name in Decision.__dataclass_fields__}
    return Decision(**{**stated, "decided_at": datetime.fromisoformat(item["decided_at"])})
