"""The way of one record: quarantined when and why, replayed by which fix, and what became of it."""

from __future__ import annotations

import sys
from pathlib import Path

from operations.deployed import Deployed, OperationError, arguments
from operations.quarantine import connect

STORY = """
with recursive family as (
  select $record_id as record_id
  union
  select p.replayed_as from replay p join family f on p.record_id = f.record_id
)
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


def main() -> int:
    """Print the events of a record in the order of time."""
    parser = arguments("The history of a record that was quarantined.")
    parser.add_argument("record_id")
    parser.add_argument("--folder", type=Path, help="a copy of the quarantine bucket")
    options = parser.parse_args()
    try:
        place = options.folder or Deployed.of(options.env).bucket("quarantine")
    except OperationError as error:
        print(error, file=sys.stderr)
        return 1
    events = connect(place).execute(STORY, {"record_id": options.record_id}).fetchall()
    for moment, event in events:
        print(f"{moment}  {event}")
    if not events:
        print(f"record {options.record_id} was never quarantined", file=sys.stderr)
    return 0 if events else 1


if __name__ == "__main__":
    sys.exit(main())
