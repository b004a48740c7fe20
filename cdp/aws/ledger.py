"""The ledger is the truth of what arrived and what became of it: receipts, runs, fates, verdicts, one lock.

One DynamoDB table with keys pk and sk:

| pk | sk | item |
|---|---|---|
| receipt#pending, receipt#held | receipt id | one batch of raw that no run has taken, or that a gate rejected |
| file#<checksum> | file | a landed file that was taken whole |
| run | <run at>#<run id> | that there was this run, for lists |
| run#<run id> | run, fates#<stage>#<dataset>, verdict#<gate>, completeness, receipt#<receipt id> | one run |
| lock | daily_pipeline | the run that is going on |
| rows#<dataset> | <run at>#<run id> | rows of a table after a committed run |
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, fields
from decimal import Decimal
from functools import cached_property
from typing import Any

import boto3
from boto3.dynamodb.conditions import Attr, Key
from botocore.exceptions import ClientError

from cdp.accounting import Fates

PENDING, HELD = "receipt#pending", "receipt#held"


class RunInProgressError(Exception):
    """Another run holds the lock; it must end first."""


@dataclass(frozen=True)
class Receipt:
    """One batch that ingestion has committed: raw and quarantine hold its records, exactly once.

    `receipt_id` is the batch's own identity (shard and sequence numbers, or file checksum and part), so a
    retried batch overwrites its receipt. `object_key` and `quarantine_key` are empty when no record went there.
    `seal` is the object's (cdp/seal.py); empty says that its records are to be held against their contracts again.
    """

    receipt_id: str
    stage: str
    dataset: str
    received: int
    accepted: int
    duplicate: int
    quarantined: int
    received_at: str
    object_key: str = ""
    quarantine_key: str = ""
    seal: str = ""


class Ledger:
    """Reads and writes the ledger table; every write may be repeated without another effect."""

    def __init__(self, table_name: str) -> None:
        self._name = table_name

    @cached_property
    def _table(self) -> Any:
        return boto3.resource("dynamodb").Table(self._name)

    # receipts and files

    def put_receipt(self, receipt: Receipt) -> None:
        """Commit one ingested batch; the next run takes it."""
        self._table.put_item(Item={"pk": PENDING, "sk": receipt.receipt_id, **asdict(receipt)})

    def pending_receipts(self) -> list[Receipt]:
        """Batches that no run has committed yet, by receipt id."""
        return [_receipt(item) for item in self._query(PENDING)]

    def held_receipts(self) -> list[Receipt]:
        """Batches that a gate rejected and a steward has not released, by receipt id."""
        return [_receipt(item) for item in self._query(HELD)]

    def committed_receipts(self) -> list[Receipt]:
        """Batches that committed runs took, each once, by receipt id; looks through the whole ledger."""
        found = {item["receipt_id"]: _receipt(item) for item in self._scan(Attr("sk").begins_with("receipt#"))}
        return [receipt for _, receipt in sorted(found.items())]

    def runs_that_took(self, receipt_id: str) -> list[str]:
        """Ids of the committed runs that took a batch, oldest first; looks through the whole ledger."""
        items = self._scan(Attr("sk").eq(f"receipt#{receipt_id}"))
        return sorted(str(item["pk"]).removeprefix("run#") for item in items)

    def file_taken(self, checksum: str) -> dict[str, Any] | None:
        """The entry of a landed file with this content that was taken whole, or None."""
        item = self._table.get_item(Key={"pk": f"file#{checksum}", "sk": "file"}, ConsistentRead=True).get("Item")
        return _plain(item) if item else None

    def take_file(self, checksum: str, key: str, rows: int) -> None:
        """Record that the landed file `key` with this content was taken whole, with its number of records."""
        self._table.put_item(Item={"pk": f"file#{checksum}", "sk": "file", "key": key, "rows": rows})

    # runs

    def open_run(self, run_id: str, run_at: str, execution_arn: str) -> None:
        """Take the lock and start a run; the same run may open itself again. Raises RunInProgressError."""
        try:
            self._table.put_item(
                Item={"pk": "lock", "sk": "daily_pipeline", "run_id": run_id, "execution_arn": execution_arn},
                ConditionExpression="attribute_not_exists(pk) OR run_id = :run",
                ExpressionAttributeValues={":run": run_id},
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise
            holder = self.running()
            raise RunInProgressError(
                f"run {holder.get('run_id', '?')} is still going on (execution {holder.get('execution_arn', '?')}); "
                "this one takes nothing, the next scheduled run takes what is pending"
            ) from None
        self._table.put_item(Item={"pk": "run", "sk": f"{run_at}#{run_id}", "run_id": run_id})
        self._update_run(run_id, status="RUNNING", run_at=run_at, execution_arn=execution_arn)

    def latest_runs(self, limit: int) -> list[str]:
        """Ids of the last runs by their scheduled time, newest first."""
        answer = self._table.query(KeyConditionExpression=Key("pk").eq("run"), ScanIndexForward=False, Limit=limit)
        return [str(item["run_id"]) for item in answer["Items"]]

    def running(self) -> dict[str, Any]:
        """The holder of the lock {run_id, execution_arn}; empty when no run goes on."""
        key = {"pk": "lock", "sk": "daily_pipeline"}
        return dict(_plain(self._table.get_item(Key=key, ConsistentRead=True).get("Item", {})))

    def run(self, run_id: str) -> dict[str, Any]:
        """The run's item {status, run_at, …}; empty when there is none."""
        item = self._table.get_item(Key={"pk": f"run#{run_id}", "sk": "run"}, ConsistentRead=True).get("Item", {})
        return dict(_plain(item))

    def begin_publishing(self, run_id: str) -> None:
        """From now on some tables may show what the run wrote, whatever happens to it."""
        self._update_run(run_id, status="PUBLISHING")

    def commit_run(self, run_id: str, receipts: Iterable[Receipt]) -> None:
        """The run's receipts are done: they move from pending to the run, the run has SUCCEEDED, the lock is free."""
        self._move(receipts, f"run#{run_id}", "receipt#")
        self._update_run(run_id, status="SUCCEEDED")
        self._free_lock(run_id)

    def fail_run(self, run_id: str, state: str, cause: str, held: Iterable[Receipt] = (), next_step: str = "") -> None:
        """The run has FAILED in `state`; `held` receipts wait for a steward, all others stay pending.

        A run that was committed stays SUCCEEDED, whatever happened to it afterwards; only its lock is freed.
        """
        if self.run(run_id).get("status") != "SUCCEEDED":
            self._move(held, HELD)
            self._update_run(run_id, status="FAILED", failed_state=state, cause=cause, next_step=next_step)
        self._free_lock(run_id)

    def release(self, receipts: Iterable[Receipt]) -> None:
        """Give held receipts to the next run."""
        self._move(receipts, PENDING, source=HELD)

    # what a run found

    def put_fates(self, run_id: str, fates: Fates) -> None:
        """Account for one stage and dataset of a run; the last account counts."""
        sk = f"fates#{fates.stage}#{fates.dataset}"
        self._table.put_item(Item={"pk": f"run#{run_id}", "sk": sk, **asdict(fates)})

    def fates(self, run_id: str) -> list[Fates]:
        """All accounts of a run, by stage and dataset."""
        names = [f.name for f in fields(Fates)]
        items = (_plain(item) for item in self._query(f"run#{run_id}", "fates#"))
        return [Fates(**{n: item[n] for n in names} | {"lost": tuple(item["lost"])}) for item in items]

    def put_verdict(self, run_id: str, gate: str, verdict: str, details: dict[str, Any]) -> None:
        """Record a gate's verdict (pass, warn or fail); the state machine reads the attribute `verdict`."""
        item = {
            "pk": f"run#{run_id}",
            "sk": f"verdict#{gate}",
            "gate": gate,
            "verdict": verdict,
            "details": details,
        }
        self._table.put_item(Item=_decimal(item))

    def verdicts(self, run_id: str) -> dict[str, dict[str, Any]]:
        """{gate: {verdict, details}} of a run."""
        items = (_plain(item) for item in self._query(f"run#{run_id}", "verdict#"))
        return {item["gate"]: {"verdict": item["verdict"], "details": item["details"]} for item in items}

    def put_completeness(self, run_id: str, percentages: dict[str, float]) -> None:
        """Record how complete the view of all customers is after a run, in percent."""
        self._table.put_item(Item=_decimal({"pk": f"run#{run_id}", "sk": "completeness", "percentages": percentages}))

    def completeness(self, run_id: str) -> dict[str, float]:
        """The percentages of `put_completeness`; empty when the run did not come that far."""
        item = self._table.get_item(Key={"pk": f"run#{run_id}", "sk": "completeness"}).get("Item", {})
        return {name: float(value) for name, value in item.get("percentages", {}).items()}

    def put_row_count(self, dataset: str, run_id: str, run_at: str, rows: int) -> None:
        """Remember how many rows a table had after a committed run."""
        self._table.put_item(Item={"pk": f"rows#{dataset}", "sk": f"{run_at}#{run_id}", "rows": rows})

    def row_counts(self, dataset: str, limit: int = 5) -> list[int]:
        """Row counts after the last committed runs, newest first."""
        answer = self._table.query(
            KeyConditionExpression=Key("pk").eq(f"rows#{dataset}"), ScanIndexForward=False, Limit=limit
        )
        return [int(item["rows"]) for item in answer["Items"]]

    # below: DynamoDB

    def _scan(self, condition: Any) -> Iterator[dict[str, Any]]:
        """Items of runs that fulfil a condition."""
        pages = self._table.meta.client.get_paginator("scan").paginate(
            TableName=self._name, FilterExpression=Attr("pk").begins_with("run#") & condition
        )
        return (item for page in pages for item in page["Items"])

    def _query(self, pk: str, prefix: str = "") -> Iterator[dict[str, Any]]:
        condition = Key("pk").eq(pk) & Key("sk").begins_with(prefix) if prefix else Key("pk").eq(pk)
        start: dict[str, Any] = {}
        while True:
            answer = self._table.query(KeyConditionExpression=condition, ConsistentRead=True, **start)
            yield from answer["Items"]
            if "LastEvaluatedKey" not in answer:
                return
            start = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}

    def _move(self, receipts: Iterable[Receipt], target: str, prefix: str = "", source: str = PENDING) -> None:
        # Put before delete: killed in between, a receipt is in both places and the repeated move mends it.
        receipts = list(receipts)
        with self._table.batch_writer() as batch:
            for receipt in receipts:
                batch.put_item(Item={"pk": target, "sk": f"{prefix}{receipt.receipt_id}", **asdict(receipt)})
        with self._table.batch_writer() as batch:
            for receipt in receipts:
                batch.delete_item(Key={"pk": source, "sk": receipt.receipt_id})

    def _update_run(self, run_id: str, **attributes: str) -> None:
        names = {f"#{name}": name for name in attributes}
        values = {f":{name}": value for name, value in attributes.items()}
        self._table.update_item(
            Key={"pk": f"run#{run_id}", "sk": "run"},
            UpdateExpression="SET " + ", ".join(f"#{name} = :{name}" for name in attributes),
            ExpressionAttributeNames=names,
            ExpressionAttributeValues=values,
        )

    def _free_lock(self, run_id: str) -> None:
        try:
            self._table.delete_item(
                Key={"pk": "lock", "sk": "daily_pipeline"},
                ConditionExpression="run_id = :run",
                ExpressionAttributeValues={":run": run_id},
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise


def _receipt(item: dict[str, Any]) -> Receipt:
    plain = _plain(item)
    return Receipt(**{f.name: plain[f.name] for f in fields(Receipt)})


def _plain(value: Any) -> Any:
    """DynamoDB's Decimals as int or float, at any depth."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items()}
    return [_plain(v) for v in value] if isinstance(value, list) else value


def _decimal(value: Any) -> Any:
    """Floats as the Decimals DynamoDB wants, at any depth."""
    if isinstance(value, float):
        return Decimal(str(value))
    if isinstance(value, dict):
        return {k: _decimal(v) for k, v in value.items()}
    return [_decimal(v) for v in value] if isinstance(value, list) else value
