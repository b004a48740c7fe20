"""The way of one record: quarantined when and why, replayed by which fix, taken by which run, and what it is now.

A copy of the quarantine bucket knows nothing of runs: asked with a folder, the story ends with the replay.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pyarrow.compute as pc
from duckdb import DuckDBPyConnection

from cdp.aws.identity_question import settings_of
from cdp.aws.lake import Lake
from cdp.aws.ledger import Ledger
from operations.deployed import Deployed, OperationError, arguments
from operations.quarantine import connect

FAMILY = """
with recursive family as (
  select $record_id as record_id
  union
  select p.replayed_as from replay p join family f on p.record_id = f.record_id
)
"""
STORY = f"""{FAMILY}
select received_at as moment, 'received from ' || source || ' at ' || origin as event
from quarantine where record_id = $record_id
union
select coalesce(substr(run_id, 1, 20), received_at),
  if(is_held, 'held by ', 'quarantined by ') || stage || ' as ' || record_id || ': '
    || array_to_string(list_transform(list_zip(rules, pointers), x -> trim(x[1] || ' ' || x[2])), ', ')
from quarantine semi join family using (record_id)
union
select replayed_at, 'replayed with fix ' || fix || ' as ' || replayed_as || ': ' || outcome
from replay semi join family using (record_id)
order by moment, event
"""

ACCEPTED = f"""{FAMILY}
select distinct replay_id || '-' || dataset, dataset, replayed_as
from replay semi join family using (record_id)
where outcome = 'accepted'
order by all
"""

Event = tuple[str, str]


def story(quarantine: DuckDBPyConnection, record_id: str) -> list[Event]:
    """{moment, event} of a record in quarantine and of its replays; empty when it was never there."""
    return quarantine.execute(STORY, {"record_id": record_id}).fetchall()


def ending(quarantine: DuckDBPyConnection, record_id: str, ledger: Ledger, lake: Lake) -> Iterator[Event]:
    """{moment, event} for every run that took what a replay made of the record, and for what no run has taken yet."""
    waiting = {r.receipt_id for r in ledger.pending_receipts()}
    held = {r.receipt_id for r in ledger.held_receipts()}
    for receipt_id, dataset, now_id in quarantine.execute(ACCEPTED, {"record_id": record_id}).fetchall():
        table = f"clean.{dataset}"
        if runs := ledger.runs_that_took(receipt_id):
            has_row = pc.any(pc.equal(lake.read(table, ["record_id"]).read_all()["record_id"], now_id)).as_py()
            what = f"it is a row of {table}" if has_row else f"no row of {table} is made of it"
        for run_id in runs:
            yield run_id[:20], f"taken by run {run_id} as {now_id}: {what}"
        if receipt_id in waiting:
            yield "next run", f"waits as {now_id}"
        if receipt_id in held:
            yield (
                "no run",
                f"is held as {now_id}: a gate rejected its batch, to be released (docs/runbooks/a-run-failed.md)",
            )


def main() -> int:
    """Print the events of a record in the order of time."""
    parser = arguments("The history of a record that was quarantined.")
    parser.add_argument("record_id")
    parser.add_argument("--folder", type=Path, help="a copy of the quarantine bucket")
    options = parser.parse_args()
    try:
        deployed = None if options.folder else Deployed.of(options.env)
        quarantine = connect(deployed.bucket("quarantine") if deployed else options.folder)
    except OperationError as error:
        print(error, file=sys.stderr)
        return 1
    events = story(quarantine, options.record_id)
    if deployed:
        lake = Lake(settings_of(deployed.environment))
        events += ending(quarantine, options.record_id, Ledger(deployed.name("ledger")), lake)
    for moment, event in sorted(events):
        print(f"{moment}  {event}")
    if not events:
        print(f"record {options.record_id} was never quarantined", file=sys.stderr)
    return 0 if events else 1


if __name__ == "__main__":
    sys.exit(main())
