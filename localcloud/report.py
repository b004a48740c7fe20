"""The demo's page for a person: what became of every record, verdicts, times, rejections and a first look."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2

from cdp.run_summary import FATES, warnings

TEMPLATE = Path(__file__).with_name("report.html.j2")


@dataclass(frozen=True)
class Look:
    """The result of one query of the warehouse, and the file that asks it."""

    file: str
    columns: list[str]
    rows: list[list[Any]]


def render(summary: dict[str, Any], look: Look, places: dict[str, str]) -> str:
    """The page as HTML; `places` say where to look for what."""
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True)
    template = environment.from_string(TEMPLATE.read_text())
    return template.render(summary=summary, warnings=warnings, look=look, places=places, fates=FATES)
