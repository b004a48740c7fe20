"""The cloud can be steered from another process: its clock, its schedules, and waiting until it has nothing to do.

Mounted on the AWS endpoint below `/localcloud/`; every answer is JSON.
"""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from localcloud.cloud import LocalCloud

DRAIN_TIMEOUT_S = 120.0


class ControlError(Exception):
    """The cloud refused a request; the message is its reason."""


class ControlApplication:
    """Answers requests below `/localcloud/` for one cloud (WSGI)."""

    def __init__(self, cloud: LocalCloud) -> None:
        self._cloud = cloud

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answer one request; a refusal is 400 with its reason."""
        action = environ["PATH_INFO"].removeprefix("/localcloud/")
        length = int(environ.get("CONTENT_LENGTH") or 0)
        try:
            request = json.loads(environ["wsgi.input"].read(length) or "{}")
            status, answer = "200 OK", self._answer(action, request)
        except Exception as error:
            status, answer = "400 Bad Request", {"error": f"{type(error).__name__}: {error}"}
        body = json.dumps(answer).encode()
        start_response(status, [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
        return [body]

    def _answer(self, action: str, request: dict[str, Any]) -> Any:
        cloud = self._cloud
        at = datetime.fromisoformat(request["at"]) if request.get("at") else None
        if action == "status":
            processes = [asdict(process) for process in cloud.processes()]
            backlog = cloud.sources.backlog().as_dict()
            return {"now": cloud.clock.now().isoformat(), "backlog": backlog, "processes": processes}
        if action == "clock" and at is not None:
            cloud.clock.set(at)
            return {"now": cloud.clock.now().isoformat()}
        if action == "fire":
            return {"execution": cloud.fire(request["schedule"], at)}
        if action == "drain":
            return cloud.sources.wait_until_drained(float(request["timeout_s"])).as_dict()
        if action == "uses":
            return [asdict(use) for use in cloud.permissions.uses()]
        if action == "deliveries":
            return [asdict(delivery) for delivery in cloud.deliveries.journal()]
        raise ControlError(f"there is no action {action!r}")


class Control:
    """The same from another process."""

    def __init__(self, endpoint: str) -> None:
        self._endpoint = endpoint

    def status(self) -> dict[str, Any]:
        """`{"now", "backlog": {"records", "messages", "deliveries"}, "processes": [{"kind", "name", "pid", …}]}`."""
        answer: dict[str, Any] = self._ask("status")
        return answer

    def set_clock(self, at: datetime) -> None:
        """Make it `at` in the cloud now."""
        self._ask("clock", at=at.isoformat())

    def fire(self, schedule: str, at: datetime | None = None) -> str:
        """Fire a schedule as if `at` were its time; returns the execution's ARN when it starts a state machine."""
        return str(self._ask("fire", schedule=schedule, at=at.isoformat() if at else None)["execution"])

    def drained(self, timeout_s: float = DRAIN_TIMEOUT_S) -> None:
        """Wait until streams and queues are read and every hand-over has ended; raises ControlError when not."""
        left = self._ask("drain", timeout_s=timeout_s, http_timeout_s=timeout_s + 30)
        if any(left.values()):
            raise ControlError(f"after {timeout_s:g} s the cloud is not drained: {left}; look at deliveries()")

    def deliveries(self) -> list[dict[str, Any]]:
        """The newest hand-overs, oldest first: `{"at", "source", "target", "records", "error"}`."""
        answer: list[dict[str, Any]] = self._ask("deliveries")
        return answer

    def uses(self) -> list[dict[str, str]]:
        """What roles were let do: `{"role", "action", "resource"}`, sorted."""
        answer: list[dict[str, str]] = self._ask("uses")
        return answer

    def _ask(self, action: str, http_timeout_s: float = 30.0, **request: Any) -> Any:
        body = json.dumps(request).encode()
        try:
            with urllib.request.urlopen(f"{self._endpoint}/localcloud/{action}", body, http_timeout_s) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as refusal:
            raise ControlError(json.load(refusal)["error"]) from None
