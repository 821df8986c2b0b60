"""Entrances of their own for programs, so that the record says who asked."""

from __future__ import annotations

import re

from starlette.types import ASGIApp, Receive, Scope, Send

from ticktick_sandbox.recording.recorder import ASKER

_FROM = re.compile(r"/_from/([\w.-]{1,40})(?=/)", re.ASCII)
_NOT_IN_NAMES = re.compile(r"[^\w.-]+", re.ASCII)


def entrance(url: str, name: str) -> str:
    """Return the address by which a program of this name reaches what is at ``url``."""
    return f"{url}/_from/{as_recorded(name)}"


def as_recorded(name: str) -> str:
    """Return a program's name as it stands in its entrance, and so in the record."""
    return _NOT_IN_NAMES.sub("-", name)[:40] or "-"


class ByEntrance:
    """Takes a program's name off the path, and tells it to the application."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if named := _FROM.match(scope["path"]):
            scope = {**scope, ASKER: named[1], "path": scope["path"][named.end() :]}
            if raw := scope.get("raw_path"):  # the name needs no escaping
                scope["raw_path"] = raw[named.end() :]
        await self._app(scope, receive, send)


class As:
    """Tells an application who asks it, whatever is asked."""

    def __init__(self, app: ASGIApp, name: str | None) -> None:
        self._app = app
        self._name = name

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        await self._app({**scope, ASKER: self._name} if self._name else scope, receive, send)
