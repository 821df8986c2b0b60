"""What passes between the kernel and the sandbox's worker: a line of JSON, then raw bytes."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

import httpx

from ticktick_sandbox.shared.settings import LOCAL_HOSTS


def pack(head: dict[str, Any], body: bytes = b"") -> bytes:
    """Return one message."""
    return json.dumps(head).encode() + b"\n" + body


def unpack(message: bytes) -> tuple[dict[str, Any], bytes]:
    """Return the two parts of a message."""
    head, _, body = message.partition(b"\n")
    return json.loads(head), body


def seen_at(base: str, url: str) -> str:
    """Return where the browser finds a local address; another URL stays as it is."""
    parts = urlsplit(url)
    if parts.hostname not in LOCAL_HOSTS:
        return url
    return f"{base}/{parts.port}{url.split(parts.netloc, 1)[1] or '/'}"


def answer_httpx_by(
    answer: Callable[[httpx.Request], httpx.Response],
    answer_async: Callable[[httpx.Request], Awaitable[httpx.Response]],
) -> None:
    """Have every httpx client of this interpreter, made before or after, answered by these.

    A browser has no sockets, so the transport classes themselves change. Needs no TLS: what
    is asked for never leaves the browser.
    """

    def make(self: object, *_: object, **__: object) -> None:
        """Open nothing."""

    async def handle_async(self: object, request: httpx.Request) -> httpx.Response:
        await request.aread()
        return await answer_async(request)

    def handle(self: object, request: httpx.Request) -> httpx.Response:
        request.read()
        return answer(request)

    for kind, base in (
        (httpx.HTTPTransport, httpx.BaseTransport),
        (httpx.AsyncHTTPTransport, httpx.AsyncBaseTransport),
    ):
        for name in ("__enter__", "__exit__", "close", "__aenter__", "__aexit__", "aclose"):
            if hasattr(base, name):
                setattr(kind, name, getattr(base, name))
        kind.__init__ = make
    httpx.HTTPTransport.handle_request = handle
    httpx.AsyncHTTPTransport.handle_async_request = handle_async
