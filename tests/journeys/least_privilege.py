"""Which statements of the roles' policies a story could have done without."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from localcloud.policy import decide
from terraform.wiring import Stack

# Granted for what does not happen in a story on a laptop, and why a role needs it all the same.
EXCUSED = {
    "xray:": "the runtime sends traces",
    "cloudwatch:PutMetricData": "Glue's own agent reports the job's metrics",
    "logs:AssociateKmsKey": "Glue encrypts its log groups when it makes them",
    **{f"logs:{do}LogDelivery": "Step Functions keeps its log" for do in ("Create", "Delete", "Get", "Update")},
    **{
        f"logs:{what}": "Step Functions keeps its log"
        for what in ("ListLogDeliveries", "PutResourcePolicy", "Describe")
    },
    "glue:BatchStopJobRun": "Step Functions stops a job when its execution is stopped",
    "glue:GetJobRuns": "Step Functions asks so when a job's run is throttled",
    "s3:ListBucket": "without it S3 calls a missing object forbidden, and nobody sees which it was",
    "s3:AbortMultipartUpload": "an upload in parts that fails leaves none of them",
    "s3:DeleteObject": "Iceberg deletes its metadata files after twenty versions",
    "sqs:SendMessage": "what could not be delivered after all retries",
    "states:DescribeExecution": "a run finds the lock taken, and asks whether its holder still lives",
}
# The same, for one role: (end of its name, action).
EXCUSED_ROLES = {
    ("plan_run", "s3:GetObject"): "asked a second time for one run, it reads the manifest that it wrote",
}


def needless(stack: Stack, uses: Iterable[Mapping[str, str]]) -> list[str]:
    """Statements without which every call of the story would still have been allowed, of roles that made calls."""
    found = []
    for role, granted in policies(stack).items():
        calls = [use for use in uses if use["role"] == role]
        for number, statement in enumerate(granted):
            rest = granted[:number] + granted[number + 1 :]
            is_excused = all(excused(role, action) for action in statement["Action"])
            if calls and not is_excused and not any(depends(call, [statement], rest) for call in calls):
                found.append(f"{role}: {', '.join(statement['Action'])} on {statement['Resource'][0]}")
    return sorted(found)


def unused_actions(stack: Stack, uses: Iterable[Mapping[str, str]]) -> list[str]:
    """Actions that are granted to some role and that no role ever did."""
    done = {use["action"] for use in uses}
    granted = {action for each in policies(stack).values() for statement in each for action in statement["Action"]}
    return sorted(action for action in granted - done if not excused("", action))


def excused(role: str, action: str) -> bool:
    """Whether it is known why a story on a laptop does without."""
    for_role = any(role.endswith(name) and action == what for name, what in EXCUSED_ROLES)
    return for_role or any(action.startswith(start) for start in EXCUSED)


def depends(call: Mapping[str, str], statement: list[Any], rest: list[Any]) -> bool:
    """Whether a call is allowed by the statement and by nothing else."""
    what = call["action"], call["resource"], {}
    return decide(statement, *what) == "Allow" != decide(rest, *what)


def policies(stack: Stack) -> dict[str, list[Any]]:
    """Statements by the name of the role."""
    found = stack.of("aws_iam_role_policy")
    return {policy.values["role"]: json.loads(policy.values["policy"])["Statement"] for policy in found}
