"""A quarantined record is replayed by receiving it again, fixed: as if it had arrived like that at first.

It keeps its time of receipt, its source and its origin, so that it lands where it would have landed. Its id is
that of the payload it has now; `replay_of` in its envelope leads back to the record that was quarantined. Replaying
the same records with the same fix makes the same objects and the same receipts.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any

import orjson

from cdp.contracts import dataset_of
from cdp.fix import Fix
from cdp.intake import Intake
from cdp.quarantine import HELD_PREFIX, RECORDS_PREFIX
from cdp.records import Record, Rejected, receive

STAGE = "replay_quarantine"
STREAM_STAGE = "ingest_stream"  # its records may name their contract themselves


class SelectionError(Exception):
    """What is to be replayed is not said, or not in words that are known."""


@dataclass(frozen=True)
class Selection:
    """Which lines of quarantine: empty parts take everything. `since` and `until` are dates (inclusive).

    `reason` is the rule that was broken, such as `enum`; `is_held` selects late records, which wait for a decision,
    instead of rejected ones.
    """

    dataset: str = ""
    stage: str = ""
    reason: str = ""
    source: str = ""
    since: str = ""
    until: str = ""
    record_ids: tuple[str, ...] = ()
    is_held: bool = False

    @classmethod
    def of(cls, given: object) -> Selection:
        """Check the words of a selection. Raises SelectionError."""
        names = [f.name for f in fields(cls)]
        if not isinstance(given, Mapping) or given.keys() - set(names) or not any(given.values()):
            raise SelectionError(f"say what to replay by at least one of: {', '.join(names)}")
        return cls(**{**given, "record_ids": tuple(given.get("record_ids") or ())})

    @property
    def prefix(self) -> str:
        """Where the lines lie in the quarantine bucket."""
        return HELD_PREFIX if self.is_held else RECORDS_PREFIX

    def has_key(self, key: str) -> bool:
        """Whether an object can hold selected lines, by its key."""
        parts = dict(part.split("=", 1) for part in key.split("/") if "=" in part)
        return (
            (not self.dataset or parts.get("dataset") == self.dataset)
            and (not self.stage or parts.get("stage", self.stage) == self.stage)
            and self.since <= parts.get("date", "") <= (self.until or "9999")
        )

    def has_line(self, line: Mapping[str, Any]) -> bool:
        """Whether a line of such an object is selected."""
        return (
            (not self.source or line["source"] == self.source)
            and (not self.reason or self.reason in {reason["rule"] for reason in line["reasons"]})
            and (not self.record_ids or line["record_id"] in self.record_ids)
            and line["format"] != "file"
        )


def replayed(line: Mapping[str, Any], fix: Fix) -> Record:
    """A line of quarantine, received again with the fix."""
    payload, format = fix.payload(line["record_id"], line["format"], line["payload"])
    record = receive(
        payload,
        source=line["source"],
        contract_name=fix.contract or line["contract"],
        received_at=line["received_at"],
        origin=line["origin"],
        format=format,  # type: ignore[arg-type]  # a line of quarantine holds one of the formats
        is_self_described=line["stage"] == STREAM_STAGE and not fix.contract,
    )
    # A record that is replayed twice still leads to the one that arrived.
    record.envelope["replay_of"] = line.get("replay_of", line["record_id"])
    record.envelope["fix"] = fix.name
    if any(reason["rule"] == "late" for reason in line["reasons"]):
        record.envelope["accepts"] = "late"
    return record


@dataclass
class Replay:
    """Records of one batch on their way back, each once, and the history they leave."""

    intake: Intake
    history: list[dict[str, str]]

    @classmethod
    def of(cls, lines: Iterable[Mapping[str, Any]], fix: Fix) -> Replay:
        """Receive lines again; a record that lies in quarantine several times comes back once."""
        replay = cls(Intake(STAGE), [])
        once: dict[str, Mapping[str, Any]] = {}
        for line in lines:
            once.setdefault(line["record_id"], line)
        for _, line in sorted(once.items()):
            record = replayed(line, fix)
            replay.intake.add(record)
            replay.history.append(
                {
                    "record_id": line["record_id"],
                    "dataset": dataset_of(record.envelope["contract"]),
                    "stage": line["stage"],
                    "fix": fix.name,
                    "replayed_as": record.envelope["record_id"],
                    "outcome": "quarantined" if isinstance(record.value, Rejected) else "accepted",
                }
            )
        return replay

    def name(self, fix: Fix) -> str:
        """The batch's identity: which records, and what was done to them."""
        ids = "".join(entry["record_id"] for entry in self.history)
        return f"replay-{hashlib.sha256(f'{fix.digest}{ids}'.encode()).hexdigest()[:32]}"

    def history_lines(self, name: str, replayed_at: str) -> list[bytes]:
        """What is remembered of every record, as JSON lines without payload."""
        common = {"replay_id": name, "replayed_at": replayed_at}
        return [orjson.dumps({**common, **entry}, option=orjson.OPT_APPEND_NEWLINE) for entry in self.history]
