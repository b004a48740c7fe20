"""Names of a deployed platform, from the list that Terraform reads; clients use the account of the person who asks."""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import dataclass
from typing import Any

import boto3

from cdp import resources
from cdp.aws.account import NoAccountError, account_id

POLL_S = 0.5
# Options that say which lines of quarantine, as `cdp.replay.Selection` names them.
SELECTED = ("dataset", "stage", "reason", "source", "since", "until", "is_held")


class OperationError(Exception):
    """What was asked for cannot be done; the message says what to do."""


@dataclass(frozen=True)
class Deployed:
    """A platform in one environment and account."""

    environment: str
    account: str
    region: str

    @classmethod
    def of(cls, environment: str) -> Deployed:
        """The platform of the credentials in use. Raises OperationError where there are none that are taken."""
        try:
            return cls(environment, account_id(), boto3.Session().region_name or "us-east-1")
        except NoAccountError as error:
            raise OperationError(str(error)) from error

    def name(self, key: str) -> str:
        """Name of a table, function, queue or job."""
        return f"{json.loads(resources.read_text('terraform/platform.json'))['project']}-{self.environment}-{key}"

    def bucket(self, zone: str) -> str:
        """Name of a zone's bucket: Terraform puts the account into it, the laptop does not. Raises OperationError."""
        with_account = self.name(f"{self.account}-{zone}")
        known = {bucket["Name"] for bucket in boto3.client("s3").list_buckets()["Buckets"]}
        for name in (with_account, self.name(zone)):
            if name in known:
                return name
        raise self._lacks(f"bucket {with_account}")

    def execute(self, machine: str, given: dict[str, Any]) -> dict[str, Any]:
        """Start a state machine and wait for its end; its output. Raises OperationError unless it SUCCEEDED."""
        states = boto3.client("stepfunctions")
        arn = f"arn:aws:states:{self.region}:{self.account}:stateMachine:{self.name(machine)}"
        try:
            execution = states.start_execution(stateMachineArn=arn, input=json.dumps(given))["executionArn"]
        except states.exceptions.StateMachineDoesNotExist:
            raise self._lacks(f"state machine {self.name(machine)}") from None
        while (run := states.describe_execution(executionArn=execution))["status"] in ("RUNNING", "PENDING_REDRIVE"):
            time.sleep(POLL_S)
        if run["status"] != "SUCCEEDED":
            cause = f"{run.get('error', '')}: {run.get('cause', '')}"
            raise OperationError(f"execution {execution} is {run['status']}: {cause}")
        output: dict[str, Any] = json.loads(run["output"])
        return output

    def _lacks(self, what: str) -> OperationError:
        return OperationError(
            f"there is no {what} in this account; is ENV={self.environment} deployed here? For a demo that is kept "
            "running use ENV=local and the exports it printed"
        )


def arguments(description: str) -> argparse.ArgumentParser:
    """A parser that knows the environment."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--env", default="local", help="environment (default: %(default)s)")
    return parser


def selecting(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    """Options that say which lines of quarantine."""
    for name, text in {
        "dataset": "of this dataset",
        "stage": "quarantined by this stage",
        "reason": "that broke this rule, such as enum",
        "source": "from this source",
        "since": "since this date, 2026-03-01",
        "until": "until this date, inclusive",
    }.items():
        parser.add_argument(f"--{name}", default="", help=text)
    parser.add_argument("--held", action="store_true", dest="is_held", help="late records that wait for a decision")
    return parser


def selection(options: argparse.Namespace) -> dict[str, Any]:
    """The selection that options give, as `cdp.replay.Selection` reads it."""
    return {name: value for name in SELECTED if (value := getattr(options, name))}
