"""What happened in the sandbox, for the person who wonders why."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from ticktick_sandbox.shared.clock import Clock

_LONGEST = 1000  # characters; what others sent may be in a text


@dataclass(frozen=True)
class Event:
    """One thing that happened.

    ``service`` is ``"Arcade"``, ``"TickTick"`` or ``"Sandbox"``. ``text`` is a sentence
    without secrets. ``problem`` tells what needs the reader's attention from what merely happened.
    """

    at: datetime
    service: str
    text: str
    problem: bool = False

    def __str__(self) -> str:
        mark = "!" if self.problem else "-"
        at = self.at.replace(tzinfo=None).isoformat(" ", "seconds")
        return f"{at} {mark} {self.service}: {self.text}"


class EventLog:
    """Keeps the newest thousand events and hands each to ``listener`` as it happens."""

    def __init__(self, clock: Clock, listener: Callable[[Event], None] | None = None) -> None:
        self._clock = clock
        self.listener = listener
        self.events: deque[Event] = deque(maxlen=1000)

    def add(self, service: str, text: str, *, problem: bool = False) -> None:
        """Keep one event: in one line of a thousand characters at most."""
        shown = text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
        if not shown.isprintable():
            shown = "".join(c if c.isprintable() else "�" for c in shown)
        event = Event(self._clock.now(), service, shown, problem)
        self.events.append(event)
        if self.listener:
            self.listener(event)
