"""What went over the wire, for a test or an exercise to look at."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase

from ticktick_sandbox.recording.exchange import Exchange


class Exchanges(list[Exchange]):
    """Requests and their answers, oldest first, with labels in place of secrets."""

    def __init__(self, exchanges: Iterable[Exchange] = ()) -> None:
        super().__init__(exchanges)

    def find(
        self, request: str = "* *", *, asker: str | None = None, answerer: str | None = None
    ) -> Exchanges:
        """Return those that fit.

        Args:
            request: method and path, such as ``POST /oauth/token``; ``*`` stands for anything.
            asker: ``Program``, ``Browser``, ``Arcade``, ``Worker-…`` or the name of a program.
            answerer: ``Arcade``, ``TickTick`` or ``Worker-…``.

        Raises:
            ValueError: ``request`` has no method or no path.
        """
        if " " not in request.strip():
            raise ValueError(f"Give method and path, such as POST /oauth/token, not {request!r}.")
        return Exchanges(
            each
            for each in self
            if fnmatchcase(f"{each.method} {each.path}", request.strip())
            and asker in (None, each.asker)
            and answerer in (None, each.answerer)
        )

    def __str__(self) -> str:
        """Return a line for each, as ``ticktick-sandbox wire`` prints them."""
        from ticktick_sandbox.recording.exports import to_lines

        return "\n".join(to_lines(self))
