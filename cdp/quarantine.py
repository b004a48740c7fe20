"""What cannot go on lies in quarantine, whole: the record as received, the stage, the reasons and the contract."""

from __future__ import annotations

import orjson

from cdp.records import Envelope, Rejected

RECORDS_PREFIX, HELD_PREFIX, REPLAYS_PREFIX = "records/", "held/", "replays/"


def quarantine_line(envelope: Envelope, rejected: Rejected, *, stage: str, run_id: str | None = None) -> bytes:
    """One line of quarantine: the envelope and why it is here. Outside a run there is no `run_id`."""
    line = {
        **envelope,
        "stage": stage,
        "reasons": [reason._asdict() for reason in rejected.reasons],
        "contract_version": envelope["contract"].partition(".")[2],
    }
    if run_id is not None:
        line["run_id"] = run_id
    return orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE)


def quarantine_key(stage: str, dataset: str, received_at: str, name: str) -> str:
    """Key of a quarantine object; `name` is that of the raw object or run, never anything a payload says."""
    return f"{RECORDS_PREFIX}stage={stage}/dataset={dataset}/date={received_at[:10]}/{name}.jsonl.gz"


def held_key(dataset: str, received_at: str, name: str) -> str:
    """Key of an object of late records that wait for a decision, in the quarantine bucket."""
    return f"{HELD_PREFIX}dataset={dataset}/date={received_at[:10]}/{name}.jsonl.gz"


def unreadable_file_key(stage: str, received_at: str, name: str) -> str:
    """Key of the copy of a landed file that could not be read as rows at all."""
    return f"files/stage={stage}/date={received_at[:10]}/{name}"


def replay_key(name: str) -> str:
    """Key of the history of one replay in the quarantine bucket: a JSON line per record, without its payload."""
    return f"{REPLAYS_PREFIX}{name}.jsonl.gz"
