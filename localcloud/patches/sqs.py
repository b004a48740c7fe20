"""A queue keeps its policy when other attributes are set.

Written for moto 5.2.5, where any SetQueueAttributes without a policy clears the one that was there.
"""

from __future__ import annotations

from typing import Any

from moto.sqs.models import Queue

from localcloud.patches.version import moto_patch


@moto_patch
def apply() -> None:
    """Put the policy back after other attributes were set."""
    upstream = Queue._set_attributes

    def set_attributes(self: Any, attributes: dict[str, Any], now: Any = None) -> None:
        policy = getattr(self, "policy", None)
        upstream(self, attributes, now)
        if "Policy" not in attributes and policy:
            self.policy = policy

    Queue._set_attributes = set_attributes
