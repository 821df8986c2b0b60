"""What runs the exercises, after the manner of Kaggle's learntools.

What is checked is what happened: the exchanges, the events and how things stand. The text of a
cell is never looked at. A module of this package holds one exercise: ``check``, ``HINTS``, two of
them, and ``SOLUTION``, code that stands in the cell when it is done.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

from ticktick_sandbox.recording.exchanges import Exchanges
from ticktick_sandbox.server.users import Users
from ticktick_sandbox.shared.errors import SandboxError

if TYPE_CHECKING:
    from ticktick_sandbox.server.current_services import CurrentServices
    from ticktick_sandbox.server.services import Services
    from ticktick_sandbox.shared.event_log import Event

NOT_YET = "Not attempted yet."
CORRECT = "Correct."

Since = tuple[int, int]
"""The last exchange and the number of events when an exercise began."""


@dataclass(frozen=True)
class Seen:
    """What happened since an exercise began, and how things stand now."""

    exchanges: Exchanges
    events: list[Event]
    users: Users
    services: Services


def begun(front: CurrentServices) -> Since:
    """Return where an exercise begins that begins now."""
    last = max((each.number for each in front.wire.since()), default=0)
    return last, len(front.event_log.events)


def judge(front: CurrentServices, name: str, since: Since) -> str:
    """Return what an exercise says: ``CORRECT``, ``NOT_YET``, or what is missing.

    Raises:
        SandboxError: there is no such exercise.
    """
    number, events = since
    seen = Seen(
        Exchanges(each for each in front.wire.since() if each.number > number),
        list(front.event_log.events)[events:],
        Users(lambda: front.services.ticktick),
        front.services,
    )
    return _module(name).check(seen)


class Exercise:
    """One exercise, which prints what it has to say.

    Args:
        name: of its module.
        judged: returns what the exercise says, from where it began.
    """

    def __init__(self, name: str, judged: Callable[[], str]) -> None:
        self._module = _module(name)
        self._judged = judged
        self._hints = 0

    def check(self) -> None:
        """Say whether it is done, or what is missing."""
        print(self._judged())

    def hint(self) -> None:
        """Give the next hint; after the last one say where the solution is."""
        hints = self._module.HINTS
        if self._hints == len(hints):
            print("There are no more hints. exercise.solution() shows a solution.")
            return
        self._hints += 1
        print(f"Hint {self._hints} of {len(hints)}: {hints[self._hints - 1]}")

    def solution(self) -> None:
        """Show a solution."""
        print(self._module.SOLUTION)


def _module(name: str) -> ModuleType:
    try:
        return import_module(f"ticktick_sandbox.exercises.{name}")
    except ModuleNotFoundError:
        raise SandboxError(f"There is no exercise {name!r}.") from None
