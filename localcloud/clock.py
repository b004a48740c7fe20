"""The cloud's clock: real time plus an offset, so that a whole day can be played at any moment."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class Clock:
    """Arrival times of records, event times and scheduled times of one cloud come from here."""

    def __init__(self) -> None:
        self._offset = timedelta(0)

    def now(self) -> datetime:
        """The cloud's time, UTC."""
        return datetime.now(UTC) + self._offset

    def set(self, moment: datetime) -> None:
        """Make it `moment` (with an offset) now; time goes on from there at its real pace."""
        if moment.tzinfo is None:
            raise ValueError(f"{moment.isoformat()} has no UTC offset; the cloud's clock needs one")
        self._offset = moment - datetime.now(UTC)
