"""Raw of a period is cleaned again: after a new rule or repaired code, the tables become what they had been with it.

The receipts of batches that committed runs took go back to pending; the next run takes them like new ones. Records
that changed nothing are counted as duplicates, so that a backfill without a change leaves the same tables. Every
record is held against its contract again, whatever its batch was held against before.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from datetime import date

from cdp.aws.ledger import Ledger
from operations.deployed import Deployed, OperationError, arguments


def backfill(ledger: Ledger, since: str, until: str) -> int:
    """Give the batches received from one date to another (inclusive) to the next run; how many."""
    receipts = [r for r in ledger.committed_receipts() if since <= r.received_at[:10] <= until]
    for receipt in receipts:
        ledger.put_receipt(replace(receipt, seal=""))
    return len(receipts)


def main() -> int:
    """Give a period's batches to the next run."""
    parser = arguments("Process raw of a period again.")
    parser.add_argument("--from", dest="since", required=True, type=_day, help="first date of receipt, 2026-03-01")
    parser.add_argument("--to", dest="until", required=True, type=_day, help="last date of receipt, inclusive")
    options = parser.parse_args()
    try:
        deployed = Deployed.of(options.env)
    except OperationError as error:
        print(error, file=sys.stderr)
        return 1
    count = backfill(Ledger(deployed.name("ledger")), options.since, options.until)
    print(f"{count} batches go to the next run")
    return 0


def _day(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise argparse.ArgumentTypeError(f"expected a date such as 2026-03-01, not {text}") from None


if __name__ == "__main__":
    sys.exit(main())
