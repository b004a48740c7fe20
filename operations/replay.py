"""Quarantined records back into raw: python -m operations.replay --dataset transaction --fix euro.json."""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path
from typing import Any

import boto3

from cdp.aws import objects
from cdp.fix import Fix, FixError
from operations.deployed import Deployed, OperationError, arguments, selecting, selection


def main() -> int:
    """Check the fix here, start the state machine `replay` and say what became of the records."""
    parser = selecting(arguments("Replay quarantined records; replaying twice changes no table."))
    parser.add_argument("--fix", type=Path, help="JSON file of a rule: name, rename, map, contract, encoding")
    parser.add_argument("--edited", type=Path, help='JSON lines edited by hand: {"record_id": …, "payload": …}')
    options = parser.parse_args()
    given = dict[str, Any](select=selection(options))
    try:
        deployed = Deployed.of(options.env)
        if not given["select"]:
            raise OperationError("say what to replay, for example DATASET=transaction REASON=enum; see make triage")
        if options.fix or options.edited:
            given["fix"] = json.loads(options.fix.read_text()) if options.fix else {"name": options.edited.stem}
            lines = options.edited.read_bytes().splitlines(keepends=True) if options.edited else []
            Fix.of(given["fix"], lines)
            if lines:
                given["edited"] = f"fixes/{hashlib.sha256(b''.join(lines)).hexdigest()[:32]}.jsonl.gz"
                objects.put_lines(deployed.bucket("quarantine"), given["edited"], lines)
        done = deployed.execute("replay", given)
    except (OperationError, FixError, OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    except boto3.exceptions.Boto3Error as error:
        print(f"AWS says no: {error}", file=sys.stderr)
        return 1
    print(
        f"{done['selected']} selected: {done['accepted']} accepted, {done['quarantined']} quarantined again. "
        "The next run takes what was accepted."
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
