"""Which host name leads to which service."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit, urlunsplit

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send


class ByHost:
    """Passes a request to the application that its ``Host`` header names.

    A name that is not listed gets 421. That also keeps web pages out that were pointed at
    this machine by a forged name.
    """

    def __init__(self, apps: Mapping[str, ASGIApp]) -> None:
        self._apps = apps

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        host = dict(scope["headers"]).get(b"host", b"").decode("latin-1").lower()
        name = host.rpartition(":")[0] or host
        app = self._apps.get(name)
        if app is None:
            text = f"The sandbox does not answer for {name or 'a missing Host header'}.\n"
            await PlainTextResponse(text, status_code=421)(scope, receive, send)
            return
        await app(scope, receive, send)


class LocalAddresses:
    """The table through which the two services meet: real origins and their local ones."""

    def __init__(self, table: Mapping[str, str]) -> None:
        self._table = table

    def __call__(self, url: str) -> str:
        """Return where a real URL is found on this machine; another URL stays as it is."""
        parts = urlsplit(url)
        local = self._table.get(f"{parts.scheme}://{parts.netloc}")
        if local is None:
            return url
        there = urlsplit(local)
        return urlunsplit((there.scheme, there.netloc, parts.path, parts.query, parts.fragment))
