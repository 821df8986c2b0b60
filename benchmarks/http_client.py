"""HTTP on kept-alive connections, light enough that the server's time dominates."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Mapping
from urllib.parse import urlencode

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_LOCATION = re.compile(rb"\r\nlocation: *(\S+)", re.IGNORECASE)


def request(
    method: str,
    path: str,
    headers: Mapping[str, str] | None = None,
    *,
    form: Mapping[str, str] | None = None,
    json: str = "",
) -> bytes:
    """Return the bytes of a request with a form, JSON or nothing as its body."""
    body = urlencode(form).encode() if form else json.encode()
    fields = {"Host": "localhost", **(headers or {})}
    if body:
        fields["Content-Type"] = f"application/{'x-www-form-urlencoded' if form else 'json'}"
        fields["Content-Length"] = str(len(body))
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + body


def location(answer: bytes) -> str:
    """Return where a redirect leads."""
    found = _LOCATION.search(answer)
    if not found:
        raise RuntimeError(f"not a redirect: {answer[:200]!r}")
    return found[1].decode()


class Connection(asyncio.Protocol):
    """One connection with one request at a time. ``at`` is when the last answer was whole."""

    def __init__(self) -> None:
        self.at = 0.0
        self._got = b""
        self._answer: asyncio.Future[bytes] | None = None
        self._transport: asyncio.Transport

    @classmethod
    async def to(cls, port: int) -> Connection:
        """Connect to a port of this machine."""
        _, connection = await asyncio.get_running_loop().create_connection(cls, "127.0.0.1", port)
        return connection

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Keep the transport."""
        self._transport = transport

    def ask(self, sent: bytes) -> asyncio.Future[bytes]:
        """Send a request; the result is the whole answer, head and body."""
        self._got = b""
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(sent)
        return self._answer

    def data_received(self, data: bytes) -> None:
        """Collect the answer until it is whole."""
        self._got += data
        head, end, body = self._got.partition(b"\r\n\r\n")
        length = _LENGTH.search(head)
        if not end or self._answer is None or (length and len(body) < int(length[1])):
            return
        self.at = time.perf_counter()
        self._answer.set_result(self._got)
        self._answer = None

    def connection_lost(self, problem: Exception | None) -> None:
        """Fail a request that is still unanswered."""
        if self._answer and not self._answer.done():
            self._answer.set_exception(ConnectionError("the server closed the connection"))

    def close(self) -> None:
        """Close the connection."""
        self._transport.close()
