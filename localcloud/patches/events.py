"""EventBridge rules reach functions, state machines and topics, with Input, InputPath and InputTransformer.

Written for moto 5.2.5, where a rule with such a target makes PutEvents answer 500, a disabled rule still fires,
and a rule that has only a schedule matches every event.
"""

from __future__ import annotations

import copy
import json
from datetime import UTC, datetime
from typing import Any

from moto.events import models

from localcloud.event_input import render
from localcloud.patches.version import moto_patch
from localcloud.running import running

OURS = ("lambda", "states", "sns")


@moto_patch
def apply() -> None:
    """Deliver to the targets moto refuses; leave the others to moto."""
    upstream = models.Rule.send_to_targets

    def send_to_targets(self: Any, original_event: dict[str, Any], transform_input: bool = True) -> None:
        if self.state != "ENABLED" or not self.event_pattern.get_pattern():
            return
        if not self.event_pattern.matches_event(original_event):
            return
        event = _as_sent(original_event)
        for target in self.targets:
            if _service(target) in OURS:
                text = json.dumps(render(target, event, self.name))
                running().targets.send(target["Arn"], text, source=f"rule/{self.name}")
        rest = copy.copy(self)
        rest.targets = [target for target in self.targets if _service(target) not in OURS]
        if rest.targets:
            upstream(rest, original_event, transform_input)

    models.Rule.send_to_targets = send_to_targets
    models.unix_time = _unix_time


def _service(target: dict[str, Any]) -> str:
    return str(target["Arn"]).split(":")[2]


def _as_sent(event: dict[str, Any]) -> dict[str, Any]:
    """The event as a target sees it: its time is text, and moto's own fields are gone."""
    sent = {name: value for name, value in event.items() if name != "ingestion-time"}
    if not isinstance(sent["time"], str):
        moment = datetime.fromtimestamp(float(sent["time"]), UTC)
        sent["time"] = moment.strftime("%Y-%m-%dT%H:%M:%SZ")
    return sent


def _unix_time(moment: datetime | None = None) -> float:
    return (moment or running().clock.now()).timestamp()
