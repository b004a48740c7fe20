"""What lies in quarantine, and why: python -m operations.triage --dataset transaction.

No payload is shown unless SHOW_PAYLOAD=1.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table

from operations.deployed import SELECTED, Deployed, OperationError, arguments, selecting
from operations.quarantine import connect

WIDEST = 1000  # characters of a line
REASONS = """
with latest as (  -- a record lies there once per run that rejected it
  select distinct on (record_id, stage, is_held) * from quarantine
  where ($dataset = '' or dataset = $dataset) and ($stage = '' or stage = $stage)
    and ($source = '' or source = $source) and (is_held or not $is_held)
    and date >= $since and ($until = '' or date <= $until)
  order by record_id, stage, is_held, run_id
),
reason as (
  select *, unnest(rules) as rule, unnest(pointers) as pointer from latest
)
select r.dataset, r.source, r.stage, if(r.is_held, 'held: ', '') || r.rule as reason, r.pointer,
  count(distinct r.record_id) as records,
  count(distinct p.record_id) as replayed,
  min(r.received_at)[:10] as since,
  min(r.record_id) as sample,
  arg_min(r.payload, r.record_id) as payload
from reason r
left join replay p on p.record_id = r.record_id and p.outcome = 'accepted'
where $reason = '' or r.rule = $reason
group by all
order by records - replayed desc, r.dataset, r.source, r.stage, reason, r.pointer
"""


def main() -> int:
    """Print reasons by source with counts, a sample record each, and how many have been replayed."""
    parser = selecting(arguments("Reasons, sources and counts of what lies in quarantine."))
    parser.add_argument(
        "--folder", type=Path, help="a copy of the bucket, such as build/demo/lake/cdp-local-quarantine"
    )
    options, console = parser.parse_args(), Console()
    try:
        place = options.folder or Deployed.of(options.env).bucket("quarantine")
    except OperationError as error:
        console.print(f"[red]{error}[/]")
        return 1
    asked = {name: getattr(options, name) for name in SELECTED}
    found = connect(place).execute(REASONS, asked).fetchall()
    shows_payload = os.environ.get("SHOW_PAYLOAD") == "1"
    columns = ("dataset", "source", "stage", "reason", "pointer", "records", "replayed", "since", "sample", "payload")
    table = Table(title="Quarantine, by what is still to be done")
    for column in columns if shows_payload else columns[:-1]:
        table.add_column(column, no_wrap=True)
    for row in found:
        table.add_row(*map(str, row if shows_payload else row[:-1]))
    if found:
        # Ids and pointers are there to be copied: a narrow terminal breaks lines rather than words.
        console.width = max(
            console.width, console.measure(table, options=console.options.update(max_width=WIDEST)).maximum
        )
        console.print(table, crop=False)
    else:
        console.print("Nothing of that lies in quarantine." if any(asked.values()) else "Quarantine is empty.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
