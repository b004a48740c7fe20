"""Every record is accounted for: received = accepted + duplicate + quarantined + suppressed + late_held.

And none is lost between two stages: what ingestion accepted is what clean_raw received, dataset by dataset.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cdp.aws.ledger import Receipt

INGESTION = ("ingest_stream", "ingest_batch", "replay_quarantine")
SAMPLE_RECORDS = 5
STAGES = ("clean_raw", "resolve_identities", "build_golden_records", "build_star_schema", "load_warehouse")


class AccountingError(Exception):
    """Records are unaccounted for; the message names stage, dataset, numbers and some record ids."""


@dataclass(frozen=True)
class Fates:
    """What became of the records one stage received of one dataset, in one run.

    `lost` are ids of some records that have no fate.
    """

    stage: str
    dataset: str
    received: int
    accepted: int = 0
    duplicate: int = 0
    quarantined: int = 0
    suppressed: int = 0
    late_held: int = 0
    lost: tuple[str, ...] = ()

    @property
    def accounted(self) -> int:
        """Records with a known fate."""
        return self.accepted + self.duplicate + self.quarantined + self.suppressed + self.late_held

    @property
    def is_balanced(self) -> bool:
        """Whether every received record has exactly one fate."""
        return self.received == self.accounted and not self.lost


def ingested(receipts: Iterable[Receipt]) -> list[Fates]:
    """What ingestion did, per stage and dataset, added up over its receipts."""
    sums: dict[tuple[str, str], Counter[str]] = {}
    for receipt in receipts:
        total = sums.setdefault((receipt.stage, receipt.dataset), Counter())
        for fate in ("received", "accepted", "duplicate", "quarantined"):
            total[fate] += getattr(receipt, fate)
    return [Fates(stage, dataset, **dict[str, Any](total)) for (stage, dataset), total in sorted(sums.items())]


def imbalances(fates: Iterable[Fates]) -> list[str]:
    """One sentence per stage and dataset whose fates do not add up; empty when all balance."""
    return [
        f"{f.stage} of {f.dataset}: received {f.received} but accounted for {f.accounted}{_named(f.lost)}"
        for f in fates
        if not f.is_balanced
    ]


def _named(lost: Iterable[str]) -> str:
    return f", lost for example {', '.join(lost)}" if lost else ""


def losses(fates: Iterable[Fates]) -> list[str]:
    """One sentence per dataset of which clean_raw received another number than ingestion accepted."""
    handed, taken = Counter[str](), Counter[str]()
    for f in fates:
        handed[f.dataset] += f.accepted if f.stage in INGESTION else 0
        taken[f.dataset] += f.received if f.stage == "clean_raw" else 0
    return [
        f"clean_raw of {dataset}: received {taken[dataset]} but ingestion handed over {handed[dataset]}"
        for dataset in sorted(handed)
        if handed[dataset] != taken[dataset]
    ]


def problems(fates: Iterable[Fates], stages: Iterable[str] = STAGES) -> list[str]:
    """What is wrong with a run's accounts after these stages, in sentences; empty when all is accounted for.

    A run without a record of raw needs no stage after ingestion.
    """
    fates = list(fates)
    present = {f.stage for f in fates}
    has_records = any(f.accepted for f in fates if f.stage in INGESTION)
    absent = [f"{stage}: there is no account of it" for stage in stages if stage not in present and has_records]
    return [*imbalances(fates), *losses(fates), *absent]


def require_balance(fates: Iterable[Fates]) -> None:
    """Raises AccountingError unless every record of a whole run is accounted for."""
    if found := problems(fates):
        raise AccountingError("; ".join(found) + ". Nothing is published; compare the stages' logs of this run")
