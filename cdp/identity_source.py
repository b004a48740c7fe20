"""What the platform knows of a source: since when it has been connected (`data_quality/identity/sources.yml`)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import yaml

from cdp import resources
from cdp.engines.sql_text import literal
from cdp.steps import Engine

FILE = "data_quality/identity/sources.yml"
NONE = "select cast(null as string) as source, cast(null as timestamp_ltz) as connected_at where 1 = 0"


class SourceError(Exception):
    """The list of sources says something that cannot be used; the message names the entry."""


def load_connections() -> dict[str, datetime]:
    """{source: when it was connected} of those that were not there from the start. Raises SourceError."""
    stated: dict[str, Any] = yaml.safe_load(resources.read_text(FILE))["connected_at"]
    for source, at in stated.items():
        if not isinstance(at, datetime) or at.tzinfo is None:
            raise SourceError(f"{FILE}: {source}: {at} is no time with an offset; write 2026-06-01T00:00:00+00:00")
    return stated


def connect_sources(engine: Engine, connected: Mapping[str, datetime]) -> None:
    """Make the step `connected_source` (source, connected_at)."""
    rows = [f"select {literal(s)} as source, {literal(at)} as connected_at" for s, at in sorted(connected.items())]
    engine.step("connected_source", " union all ".join(rows) or NONE)
