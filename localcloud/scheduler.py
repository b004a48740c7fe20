"""EventBridge Scheduler fires: by hand at any time, or by itself when the cloud's clock reaches the moment."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from localcloud.clock import Clock
from localcloud.cron import fires
from localcloud.on_behalf import authorise_queue, authorise_start
from localcloud.permissions import NotAuthorizedError
from localcloud.targets import Targets

TICK_S = 0.5
LONGEST_STEP = timedelta(minutes=2)  # more than this between two ticks means that the clock was set


class UnknownScheduleError(Exception):
    """No schedule has that name."""


class Scheduler:
    """Fires the schedules that were created through the Scheduler API."""

    def __init__(self, clock: Clock, targets: Targets, stopping: threading.Event) -> None:
        self._clock = clock
        self._targets = targets
        self._stop = stopping
        self._thread = threading.Thread(target=self._loop, daemon=True, name="scheduler")

    def start(self) -> None:
        """Fire by itself from now on."""
        self._thread.start()

    def join(self) -> None:
        """Wait until the loop has seen `stopping`."""
        if self._thread.is_alive():
            self._thread.join()

    def fire(self, name: str, at: datetime | None = None) -> str:
        """Fire a schedule now, as if `at` (default: the cloud's now) were its time.

        Returns the ARN of the execution when it starts a state machine, else "". Raises UnknownScheduleError, or
        NotAuthorizedError when the schedule's role may not start it.
        """
        for schedule in self._schedules():
            if schedule.name == name:
                return self._fire(schedule, at or self._clock.now())
        known = sorted(schedule.name for schedule in self._schedules())
        raise UnknownScheduleError(f"there is no schedule {name!r}; there are {', '.join(known) or 'none'}")

    def _fire(self, schedule: Any, at: datetime) -> str:
        attributes = {
            "<aws.scheduler.scheduled-time>": at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "<aws.scheduler.schedule-arn>": schedule.arn,
            "<aws.scheduler.execution-id>": str(uuid.uuid4()),
            "<aws.scheduler.attempt-number>": "1",
        }
        text = schedule.target.get("Input") or "{}"
        for name, value in attributes.items():
            text = text.replace(name, value)
        target, source = schedule.target, f"schedule/{schedule.name}"
        try:
            authorise_start(target["RoleArn"], target["Arn"], schedule.kms_key_arn)
        except NotAuthorizedError as error:
            self._targets.refused(target["Arn"], source, error)
            if queue := (target.get("DeadLetterConfig") or {}).get("Arn"):
                authorise_queue(target["RoleArn"], queue)
                self._targets.send(queue, text, source)
            raise
        return self._targets.send(target["Arn"], text, source)

    def _loop(self) -> None:
        last = self._clock.now()
        while not self._stop.wait(TICK_S):
            now = self._clock.now()
            if timedelta(0) < now - last < LONGEST_STEP:
                self._fire_due(last, now)
            last = now

    def _fire_due(self, after: datetime, until: datetime) -> None:
        for schedule in self._schedules():
            if schedule.state != "ENABLED":
                continue
            anchor = datetime.fromtimestamp(schedule.creation_date, UTC)
            timezone = schedule.schedule_expression_timezone
            if at := fires(schedule.schedule_expression, after, until, anchor, timezone):
                with suppress(NotAuthorizedError):  # the journal has it
                    self._fire(schedule, at)

    @staticmethod
    def _schedules() -> Iterator[Any]:
        from moto.scheduler.models import scheduler_backends

        for regions in list(scheduler_backends.values()):
            for backend in list(regions.values()):
                for group in list(backend.schedule_groups.values()):
                    yield from list(group.schedules.values())
