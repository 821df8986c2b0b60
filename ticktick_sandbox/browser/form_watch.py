"""Which forms people have sent off, so that a notebook can wait for them."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Collection

from starlette.types import ASGIApp, Message, Receive, Scope, Send

_DONE = (302, 303)  # how forms answer when they are taken; a refused one is shown again


class FormWatch:
    """Counts, by path, the forms that were taken. Read from any thread."""

    def __init__(self) -> None:
        self._taken: Counter[str] = Counter()
        self._changed = threading.Condition()

    def count(self, paths: Collection[str]) -> int:
        """Return how often the forms that are sent to ``paths`` were taken."""
        return sum(self._taken[path] for path in paths)

    def wait(self, paths: Collection[str], after: int, timeout: float) -> bool:
        """Wait until the forms were taken more often than ``after``; ``False`` on time-out."""
        with self._changed:
            return self._changed.wait_for(lambda: self.count(paths) > after, timeout)

    def watching(self, app: ASGIApp) -> ASGIApp:
        """Return ``app`` with its forms counted."""

        async def watched(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["method"] != "POST":
                await app(scope, receive, send)
                return

            async def noting(message: Message) -> None:
                if message["type"] == "http.response.start" and message["status"] in _DONE:
                    with self._changed:
                        self._taken[scope["path"]] += 1
                        self._changed.notify_all()
                await send(message)

            await app(scope, receive, noting)

        return watched
