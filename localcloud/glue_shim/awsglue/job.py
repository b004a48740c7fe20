"""A Job without bookmarks: the platform's manifests say what a run takes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class Job:
    """Accepts what Glue's Job accepts and keeps no state."""

    def __init__(self, glue_context: Any) -> None:
        self.glue_context = glue_context

    def init(self, job_name: str, args: Mapping[str, str] | None = None) -> None:
        """Begin the job."""

    def commit(self) -> None:
        """End the job."""
