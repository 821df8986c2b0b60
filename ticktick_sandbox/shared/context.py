"""What the parts of both services are given: the time, identifiers, and where to tell."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ticktick_sandbox.shared.clock import Clock
from ticktick_sandbox.shared.event_log import Event, EventLog
from ticktick_sandbox.shared.ids import Ids


@dataclass(frozen=True)
class Context:
    """One clock, one source of identifiers and one event log, for one start of a sandbox."""

    clock: Clock
    ids: Ids
    event_log: EventLog

    @classmethod
    def of(
        cls,
        clock: Clock,
        *,
        seed: str = "sandbox",
        listener: Callable[[Event], None] | None = None,
    ) -> Context:
        """Return a new one.

        Args:
            clock: tells the time.
            seed: what identifiers derive from. Who knows it can foresee them.
            listener: gets each event as it happens.
        """
        return cls(clock, Ids(seed), EventLog(clock, listener))

    def fresh(self) -> Context:
        """Return what this was at its start; nobody listens yet."""
        clock = self.clock.fresh()
        return Context(clock, self.ids.fresh(), EventLog(clock))
