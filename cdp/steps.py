"""A capability's SQL steps run in the order given, each under the name of its file, on whichever engine it gets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from cdp import resources


class Engine(Protocol):
    """What the capabilities need of an engine; those in `cdp/engines` have it."""

    def step(self, name: str, sql: str, parameters: Mapping[str, Any] | None = None) -> None:
        """Materialise the rows of `sql` under a name; a name given again stands for the last rows."""

    def query(self, sql: str, parameters: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        """Rows of a small result."""


def run_steps(engine: Engine, folder: str, steps: Iterable[str], parameters: Mapping[str, Any] | None = None) -> None:
    """Run `sql/lake/<folder>/<step>.sql` for each step."""
    for name in steps:
        engine.step(name, resources.read_text(f"sql/lake/{folder}/{name}.sql"), parameters)
