"""A failure is told with what failed, why, where to look and what to do next, and without personal data."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

SUBJECT_CHARACTERS = 100  # SNS takes no more
CAUSE_CHARACTERS = 600
MESSAGE_CHARACTERS = 100_000  # SNS takes 256 KB, Step Functions' state the same
PERSONAL = (
    (re.compile(r"[^\s@'\"<>]+@[^\s@'\"<>]+"), "<e-mail>"),
    (re.compile(r"\+[0-9][0-9 ()/-]{5,}[0-9]"), "<phone>"),
)


@dataclass(frozen=True)
class Failure:
    """Where and why a run failed; empty texts for what is not known."""

    state: str
    error: str
    cause: str

    @classmethod
    def of(cls, state: object) -> Failure:
        """The failure in a state machine's data: `{"failed": {<state name>: {"Error", "Cause"}}}`; never raises."""
        failed = state.get("failed") if isinstance(state, Mapping) else None
        if not isinstance(failed, Mapping) or not failed:
            return cls("an unknown state", "Unknown", "the execution did not say why")
        name, output = list(failed.items())[-1]
        output = output if isinstance(output, Mapping) else {}
        error, cause = str(output.get("Error") or "Unknown"), str(output.get("Cause") or "")
        return cls(str(name), error, clean_text(_innermost(cause)))

    @property
    def name(self) -> str:
        """The error's name for a Fail state, which must not be one of Step Functions' own (`States.…`)."""
        return f"{self.state}Failed" if self.error.startswith("States.") else self.error


def clean_text(text: str, most: int = CAUSE_CHARACTERS) -> str:
    """An error's text without e-mail addresses and phone numbers, cut to a readable length."""
    for pattern, instead in PERSONAL:
        text = pattern.sub(instead, text)
    return text if len(text) <= most else text[: most - 1] + "…"


def _innermost(cause: str) -> str:
    """What the code itself said: Glue and Lambda wrap it in JSON."""
    try:
        wrapped = json.loads(cause)
    except ValueError:
        return cause
    if not isinstance(wrapped, dict):
        return cause
    if "errorMessage" in wrapped:
        return f"{wrapped.get('errorType', 'Error')}: {wrapped['errorMessage']}"
    if "JobName" in wrapped:
        run = f"job {wrapped['JobName']} {wrapped.get('JobRunState', '')}, job run {wrapped.get('Id', '?')}"
        return f"{run}: {wrapped.get('ErrorMessage', 'no message')}"
    return cause


def failure_notice(
    failure: Failure,
    *,
    environment: str,
    run_id: str,
    status: str,
    rejections: Mapping[str, Mapping[str, Any]],
    places: Mapping[str, str],
    count_held: int,
) -> dict[str, str]:
    """`{subject, message, error, cause}` for people and for the Fail state.

    `status` is the run's in the ledger before it failed, `rejections` are the details of gates that said fail,
    `places` where to look, by name.
    """
    what = [f"Run {run_id or '(none was opened)'} FAILED in {failure.state}.", f"{failure.error}: {failure.cause}"]
    why = [str(details.get("message", "")) for details in rejections.values()]
    where = ["Where to look:", *(f"- {name}: {place}" for name, place in places.items())]
    todo = f"What to do: {next_step(failure, run_id, status, count_held)}"
    message = "\n\n".join(["\n".join(what), *why, "\n".join(where), todo])
    return {
        "subject": _subject(f"CDP {environment}: run {run_id} FAILED in {failure.state}"),
        "message": clean_text(message, MESSAGE_CHARACTERS),
        "error": failure.name,
        "cause": failure.cause,
    }


def next_step(failure: Failure, run_id: str, status: str, count_held: int) -> str:
    """What a person does now, as a sentence; `status` is the run's before it failed."""
    if status == "SUCCEEDED":
        return (
            "nothing has to be repeated. The run's tables are published and its batches committed; only the last "
            "step's answer was lost."
        )
    if status == "PUBLISHING":
        return (
            "the run was being published: some or all of its tables may be newer already, each of them whole. The "
            "batches that are not committed stay pending; the next scheduled run takes them again and brings every "
            "table to the same rows. Start one now if readers cannot wait for tables that agree."
        )
    if count_held:
        return (
            f"the run's {count_held} batches are held and its output stays on its branch; every table is at its "
            "last good snapshot. Look at the sample keys, repair the source, the transform or the rule, then "
            f'release the held batches: invoke release_batches with {{"run_id": "{run_id}"}}, the next run takes them.'
        )
    if "RunInProgressError" in (failure.error + failure.cause):
        return "nothing, if the other run is alive: the next scheduled run takes what is pending."
    if not run_id:
        return 'start the execution again with an input like {"run_at": "2026-03-02T02:30:00Z"}.'
    return (
        "nothing was published and the batches stay pending: the next scheduled run takes them again. If it fails "
        "in the same state, read that log."
    )


def _subject(text: str) -> str:
    return re.sub(r"[^\x20-\x7e]", "?", text)[:SUBJECT_CHARACTERS]
