"""Which host name leads to which service."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit, urlunsplit

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ticktick_sandbox.shared.settings import ARCADE_HOSTS, TICKTICK_HOSTS


class ByHost:
    """Passes a request to the application that its ``Host`` header names.

    A name that is not listed gets 421. That also keeps web pages out that were pointed at
    this machine by a forged name. Nothing may be stored on the way back: what is answered
    holds tokens, or shows how things stand now.
    """

    def __init__(self, apps: Mapping[str, ASGIApp]) -> None:
        self._apps = apps

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        hosts = [value for name, value in scope["headers"] if name == b"host"]
        host = b"".join(hosts).decode("latin-1").lower()
        name = host.rpartition(":")[0] or host
        if len(hosts) > 1:
            app: ASGIApp = PlainTextResponse("More than one Host header.\n", status_code=400)
        elif name in self._apps:
            app = self._apps[name]
        else:
            text = f"The sandbox does not answer for {name or 'a missing Host header'}.\n"
            app = PlainTextResponse(text, status_code=421)

        async def unstored(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = message["headers"]
                if all(name != b"cache-control" for name, _ in headers):
                    message["headers"] = [*headers, (b"cache-control", b"no-store")]
            await send(message)

        await app(scope, receive, unstored)


class LocalAddresses:
    """The table through which the two services meet: real origins and their local ones."""

    def __init__(self, table: Mapping[str, str]) -> None:
        self._table = table

    @classmethod
    def of(cls, arcade_url: str, ticktick_url: str) -> LocalAddresses:
        """Return the table for services at these addresses."""
        return cls(
            {f"https://{host}": ticktick_url for host in TICKTICK_HOSTS}
            | {f"https://{host}": arcade_url for host in ARCADE_HOSTS}
        )

    def __call__(self, url: str) -> str:
        """Return where a real URL is found on this machine; another URL stays as it is."""
        parts = urlsplit(url)
        local = self._table.get(f"{parts.scheme}://{parts.netloc}")
        if local is None:
            return url
        there = urlsplit(local)
        return urlunsplit((there.scheme, there.netloc, parts.path, parts.query, parts.fragment))
