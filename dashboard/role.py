"""A role sees columns up to its class of the dataset contracts; a column that no contract knows is seen by nobody new.

The contracts' classes are public, internal, confidential and restricted, in this order. What a role may not see is
not asked of the warehouse, so it reaches neither this process nor the browser.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from cdp.dataset import Dataset

CLASSES = ("public", "internal", "confidential", "restricted")
HIGHEST = {"viewer": "internal", "analyst": "internal", "data_steward": "restricted", "admin": "restricted"}
# Columns that the desk's own SQL works out and that say nothing of who a person is.
DERIVED = frozenset(
    {
        "amount_cents",
        "count_channels",
        "count_identifiers",
        "count_lines",
        "count_messages",
        "count_messages_clicked",
        "count_open_tickets",
        "count_orders",
        "count_tickets",
        "count_visits",
        "days_since_last_order",
        "favourite_channel",
        "interaction_at",
        "interaction_type",
        "first_order_at",
        "last_contact_at",
        "last_order_at",
        "last_visit_at",
        "life_cycle",
        "lifetime_cents",
        "per_order_cents",
        "refunded_cents",
        "subject",  # a path, a campaign's name or a ticket's topic, which are internal in their contracts
    }
)


class RoleError(Exception):
    """There is no such role; the message lists those there are."""


@dataclass(frozen=True)
class Role:
    """Who looks; raises RoleError for a name that is no role."""

    name: str

    def __post_init__(self) -> None:
        if self.name not in HIGHEST:
            raise RoleError(f"there is no role {self.name!r}; set CDP_DESK_ROLE to one of {', '.join(HIGHEST)}")

    def may_see(self, column: str) -> bool:
        """Whether the role is answered with a column of this name."""
        return CLASSES.index(class_of(column)) <= CLASSES.index(HIGHEST[self.name])

    def seen(self, columns: Iterable[str]) -> list[str]:
        """Those of the columns that the role may see, in their order."""
        return [column for column in columns if self.may_see(column)]


@cache
def class_of(column: str) -> str:
    """The strictest class that any contract of the warehouse's tables gives a column of this name."""
    if column in DERIVED:
        return "internal"
    return max(_classes().get(column, {"restricted"}), key=CLASSES.index)


@cache
def _classes() -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for dataset in Dataset.all():
        if dataset.zone == "curated":
            for column in dataset.columns:
                found.setdefault(column.name, set()).add(column.classification)
    return found
