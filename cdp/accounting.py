"""Every record is accounted for: received = accepted + duplicate + quarantined + suppressed + late_held."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Fates:
    """What became of the records one stage received of one dataset, in one run."""

    stage: str
    dataset: str
    received: int
    accepted: int = 0
    duplicate: int = 0
    quarantined: int = 0
    suppressed: int = 0
    late_held: int = 0

    @property
    def accounted(self) -> int:
        """Records with a known fate."""
        return self.accepted + self.duplicate + self.quarantined + self.suppressed + self.late_held

    @property
    def is_balanced(self) -> bool:
        """Whether every received record has exactly one fate."""
        return self.received == self.accounted


def imbalances(fates: Iterable[Fates]) -> list[str]:
    """One sentence per stage and dataset whose fates do not add up; empty when all balance."""
    return [
        f"{f.stage} of {f.dataset}: received {f.received} but accounted for {f.accounted}"
        for f in fates
        if not f.is_balanced
    ]
