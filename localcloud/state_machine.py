"""A state machine's template is rendered as Terraform's templatefile does: every placeholder has a value."""

from __future__ import annotations

import re
from collections.abc import Mapping

_PLACEHOLDER = re.compile(r"\$\$\{|\$\{([^}]*)\}")


class TemplateError(Exception):
    """A placeholder that stands for nothing."""


def render(template: str, values: Mapping[str, str], name: str) -> str:
    """`template` with `${key}` replaced and `$${` turned into `${`; `name` is for the error's message."""

    def replace(match: re.Match[str]) -> str:
        if match[1] is None:
            return "${"
        key = match[1].strip()
        if key not in values:
            raise TemplateError(f"{name}: ${{{key}}} is no function, job or {{kind}}_{{key}} of platform.json")
        return values[key]

    return _PLACEHOLDER.sub(replace, template)
