"""A batch of received records is stored whole or not at all: its receipts are the commit, and come last.

Objects are written before the receipts that name them. A batch that dies in between left objects no receipt
names, which no run reads; a batch that is repeated writes the same keys and the same receipts again.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from dataclasses import dataclass, field

from cdp.aws import objects
from cdp.aws.ledger import Receipt
from cdp.contracts import UNKNOWN, Reason, dataset_of
from cdp.quarantine import quarantine_key, quarantine_line, unreadable_file_key
from cdp.records import Envelope, Record, Rejected, envelope_line, extra_fields, record_key
from cdp.seal import seal
from cdp.settings import Settings


@dataclass
class _Pile:
    raw: objects.Lines = field(default_factory=objects.Lines)
    quarantine: objects.Lines = field(default_factory=objects.Lines)
    received_at: str = ""
    with_extra_fields: int = 0


class Intake:
    """Records of one batch, by dataset: lines for raw, and lines for quarantine with their reasons."""

    def __init__(self, stage: str) -> None:
        self.stage = stage
        self.count_records = 0
        self.count_bytes = 0
        self._piles: defaultdict[str, _Pile] = defaultdict(_Pile)

    def add(self, record: Record) -> None:
        """Put one record where it belongs."""
        envelope, value = record
        pile = self._piles[dataset_of(envelope["contract"])]
        if isinstance(value, Rejected):
            line = quarantine_line(envelope, value, stage=self.stage)
            pile.quarantine.add(line)
        else:
            line = envelope_line(envelope)
            pile.raw.add(line)
            pile.with_extra_fields += extra_fields(value, envelope["contract"])
        self.count_records += 1
        self.count_bytes += len(line)
        if envelope["received_at"] > pile.received_at:
            pile.received_at = envelope["received_at"]

    @property
    def count_extra_fields(self) -> dict[str, int]:
        """By dataset, the accepted records that have fields their contract does not describe."""
        return {dataset: pile.with_extra_fields for dataset, pile in self._piles.items()}

    def store(self, settings: Settings, name: str) -> list[Receipt]:
        """Write at most one raw and one quarantine object per dataset; `name` is the batch's identity.

        Returns the receipts, which the caller puts into the ledger. Raises botocore's errors.
        """
        return [self._store(settings, name, dataset, pile) for dataset, pile in sorted(self._piles.items())]

    def _store(self, settings: Settings, name: str, dataset: str, pile: _Pile) -> Receipt:
        object_key = kept_key = sealed = ""
        if pile.raw.count:
            object_key = record_key(dataset, pile.received_at, name)
            sealed = seal(pile.raw.put(settings.bucket("raw"), object_key))
        if pile.quarantine.count:
            kept_key = quarantine_key(self.stage, dataset, pile.received_at, name)
            pile.quarantine.put(settings.bucket("quarantine"), kept_key)
        return Receipt(
            receipt_id=f"{name}-{dataset}",
            stage=self.stage,
            dataset=dataset,
            received=pile.raw.count + pile.quarantine.count,
            accepted=pile.raw.count,
            duplicate=0,
            quarantined=pile.quarantine.count,
            received_at=pile.received_at,
            object_key=object_key,
            quarantine_key=kept_key,
            seal=sealed,
        )


def unreadable_file(settings: Settings, stage: str, key: str, received_at: str, reason: Reason) -> Receipt:
    """Quarantine a landed file that cannot be read as rows: a copy of it, and one line that says why.

    It counts as one received record of dataset `unknown`; its rows are counted when it lands again, readable.
    """
    name = hashlib.sha256(f"{key}\0{received_at}".encode()).hexdigest()
    copy_key = unreadable_file_key(stage, received_at, name)
    objects.copy(settings.bucket("raw"), key, settings.bucket("quarantine"), copy_key)
    envelope: Envelope = {
        "record_id": name[:32],
        "source": UNKNOWN,
        "contract": UNKNOWN,
        "received_at": received_at,
        "format": "file",
        "payload": copy_key,
        "origin": key,
    }
    kept_key = quarantine_key(stage, UNKNOWN, received_at, name)
    line = quarantine_line(envelope, Rejected((reason,)), stage=stage)
    objects.put_lines(settings.bucket("quarantine"), kept_key, [line])
    return Receipt(
        receipt_id=f"{name}-{UNKNOWN}",
        stage=stage,
        dataset=UNKNOWN,
        received=1,
        accepted=0,
        duplicate=0,
        quarantined=1,
        received_at=received_at,
        quarantine_key=kept_key,
    )
