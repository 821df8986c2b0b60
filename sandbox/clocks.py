"""The sandbox's clock: it stands still in a notebook and ticks as a command."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

NOTEBOOK_TIME = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
"""The moment at which every notebook starts, a Monday morning."""


class Clock:
    """Tells the time to both services.

    Args:
        standing_at: the moment a standing clock shows; ``None`` makes a ticking one.
    """

    def __init__(self, standing_at: datetime | None = None) -> None:
        self._standing_at = standing_at
        self._offset = timedelta()

    @property
    def stands(self) -> bool:
        """Whether it moves only when told to."""
        return self._standing_at is not None

    def anew(self) -> Clock:
        """Return a clock that stands or ticks as this one does, and was never moved."""
        return Clock(self._standing_at)

    def now(self) -> datetime:
        """Return the current moment as an aware ``datetime`` in UTC."""
        base = self._standing_at or datetime.now(UTC)
        return base + self._offset

    def advance(self, **duration: float) -> datetime:
        """Move the clock forward and return the new moment.

        Args:
            **duration: what ``datetime.timedelta`` takes: ``days=180``, ``minutes=5``, …

        Raises:
            ValueError: the duration is negative. Tokens that have expired stay expired.
        """
        step = timedelta(**duration)
        if step < timedelta():
            raise ValueError(f"the clock only moves forward, not by {step}")
        self._offset += step
        return self.now()
