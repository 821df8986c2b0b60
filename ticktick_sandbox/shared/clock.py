"""The sandbox's clock: it stands still in a notebook and ticks as a command."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
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
        self._moved: list[Callable[[], object]] = []

    @property
    def stands(self) -> bool:
        """Whether it moves only when told to."""
        return self._standing_at is not None

    def fresh(self) -> Clock:
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
            ValueError: the duration is negative, or not one of these. Tokens that have expired
                stay expired.
        """
        try:
            step = timedelta(**duration)
        except TypeError:
            given = ", ".join(duration)
            raise ValueError(f"the clock moves by weeks, days, hours …, not by {given}") from None
        if step < timedelta():
            raise ValueError(f"the clock only moves forward, not by {step}")
        self._offset += step
        for tell in list(self._moved):
            tell()
        return self.now()

    async def until(self, moment: datetime) -> None:
        """Return once the clock shows ``moment``, whichever thread moves it there."""
        loop = asyncio.get_running_loop()
        moved = asyncio.Event()

        def tell() -> None:
            loop.call_soon_threadsafe(moved.set)

        self._moved.append(tell)
        try:
            while (left := moment - self.now()) > timedelta():
                with suppress(TimeoutError):
                    async with asyncio.timeout(None if self._standing_at else left.total_seconds()):
                        await moved.wait()
                moved.clear()
        finally:
            self._moved.remove(tell)
