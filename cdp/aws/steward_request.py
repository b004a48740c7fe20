"""Command line of a steward: `python -m cdp.aws.steward_request merge shop:S1 crm:C7 --by ann --why "same passport"`.

It asks the function decide_identity of the account that the AWS environment variables or profile name.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence

import boto3
from botocore.exceptions import BotoCoreError, ClientError


def main(arguments: Sequence[str] | None = None) -> int:
    """Send one request; returns the process's exit status."""
    parser = argparse.ArgumentParser(prog="python -m cdp.aws.steward_request", description=__doc__)
    parser.add_argument("action", choices=("merge", "split"), help="split takes the first one from all others")
    parser.add_argument("person_ids", nargs="+", metavar="person_id", help="source:source_customer_id, two or more")
    parser.add_argument("--by", required=True, help="who decides")
    parser.add_argument("--why", required=True, help="the reason, kept with the decision")
    parser.add_argument("--environment", default="local", help="name of the environment (default: %(default)s)")
    options = parser.parse_args(arguments)
    request = {"action": options.action, "person_ids": options.person_ids}
    request |= {"decided_by": options.by, "reason": options.why}
    try:
        answer = boto3.client("lambda").invoke(
            FunctionName=f"cdp-{options.environment}-decide_identity", Payload=json.dumps(request).encode()
        )
    except (BotoCoreError, ClientError) as error:
        print(f"{error}\nSet AWS_PROFILE, or the variables that `make demo ARGS=--keep` prints.", file=sys.stderr)
        return 1
    said = json.loads(answer["Payload"].read())
    if "FunctionError" in answer:
        print(said["errorMessage"], file=sys.stderr)
        return 1
    print(f"Decisions kept: {len(said['decision_ids'])}; the next run with new records makes it so.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
