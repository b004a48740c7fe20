"""A rule's target gets what its Input, InputPath or InputTransformer says, else the event."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]")
_PLACEHOLDER = re.compile(r"<([A-Za-z0-9._-]+)>")


def render(target: Mapping[str, Any], event: Mapping[str, Any], rule: str) -> Any:
    """The JSON value an EventBridge target receives for `event`."""
    if target.get("Input"):
        return json.loads(target["Input"])
    if target.get("InputPath"):
        return at_path(event, target["InputPath"])
    if transformer := target.get("InputTransformer"):
        values = {name: at_path(event, path) for name, path in transformer.get("InputPathsMap", {}).items()}
        values |= {"aws.events.event.json": event, "aws.events.rule-name": rule}
        return _fill(transformer["InputTemplate"], values)
    return event


def at_path(event: Any, path: str) -> Any:
    """The value at a JSON path of names and indexes (`$.detail.bucket.name`, `$.resources[0]`), None when absent."""
    value = event
    for name, index in _STEP.findall(path.removeprefix("$")):
        try:
            value = value[int(index)] if index else value[name]
        except (KeyError, IndexError, TypeError):
            return None
    return value


def _fill(template: str, values: Mapping[str, Any]) -> Any:
    """Fill `<name>` placeholders; inside a JSON string a value is text without quotes, outside it is JSON."""

    def fill(match: re.Match[str]) -> str:
        if match[1] not in values:
            return match[0]
        value = values[match[1]]
        is_quoted = len(re.findall(r'(?<!\\)"', template[: match.start()])) % 2 == 1
        if is_quoted:
            return json.dumps(value if isinstance(value, str) else json.dumps(value))[1:-1]
        return json.dumps(value)

    return json.loads(_PLACEHOLDER.sub(fill, template))
