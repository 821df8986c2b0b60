"""Where requests come in and go out: what is recorded of them, and who asked whom.

A request is only noted while it is answered, for reading it takes longer than answering it.
What was noted is read a moment later, when nothing else is asked, or when somebody looks; it
enters the record then, and what it was noted from is dropped. So nothing but ``Wire`` itself
ever holds what was sent.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ticktick_sandbox.recording.exchange import Exchange, Message, Pairs
from ticktick_sandbox.recording.labels import Labels
from ticktick_sandbox.recording.redaction import (
    LARGEST,
    REQUEST_HEADERS,
    RESPONSE_HEADERS,
    Redaction,
    api_key_is_asked_for,
)
from ticktick_sandbox.shared.settings import PASSWORD

if TYPE_CHECKING:
    import httpx
    from starlette.types import ASGIApp, Receive, Scope, Send
    from starlette.types import Message as ASGIMessage

KEPT = 300  # exchanges
ASKER = "ticktick_sandbox.asker"
"""Where a request's scope says who asks, if that is known."""

LOOKING = "ticktick-sandbox-looking"
"""The header by which the sandbox reads a page itself; that is no part of what happened."""

_LOOKING = LOOKING.encode()
_QUIET = 0.05  # seconds in which nothing is asked
_AT_ONCE = 20  # moments that are read before others may go on
_HELD = 4_000_000  # bytes of bodies that wait to be read
_MADE = {
    "code": "code",
    "access_token": "token",
    "client_secret": "client secret",
    "flow": "state",
    "verifier test": "state",
}
"""What kind of secret each kind of identifier is."""

_REMARKS: ContextVar[list[str]] = ContextVar("remarks of the request that is being answered")

Headers = Sequence[tuple[bytes, bytes]]
Where = tuple[str, bytes, bytes]
"""Scheme, path and query: a URL before anybody wants it whole."""


class Noted:
    """One request as it passes, and its place in the record once it was read.

    Made for each request, while its client waits, so it is kept small. ``sent`` and ``got``
    are the bodies, and ``None`` if they are larger than is looked at; then ``sizes`` tells.
    """

    __slots__ = (
        "answer_headers",
        "answered",
        "answerer",
        "asked",
        "asker",
        "began",
        "ended",
        "exchange",
        "failed",
        "got",
        "headers",
        "held",
        "method",
        "number",
        "remarks",
        "sent",
        "sizes",
        "status",
        "url",
    )

    def __init__(
        self,
        number: int,
        asker: str,
        answerer: str,
        method: str,
        url: str | Where,
        headers: Headers,
        asked: int,
    ) -> None:
        self.number = number
        self.asker = asker
        self.answerer = answerer
        self.method = method
        self.url = url
        self.headers = headers
        self.asked = asked
        self.began = time.time()
        self.sent: bytes | None = b""
        self.got: bytes | None = b""
        self.answered = 0
        self.held = 0  # bytes of bodies, until they are read
        self.exchange: Exchange | None = None
        self.remarks: list[str] = []
        _REMARKS.set(self.remarks)

    def send(self, part: bytes) -> None:
        """Take the next bytes of the request."""
        self.sent = self._joined(self.sent, part, 0)

    def get(self, part: bytes) -> None:
        """Take the next bytes of the answer."""
        self.got = self._joined(self.got, part, 1)

    def _joined(self, before: bytes | None, part: bytes, which: int) -> bytes | None:
        if before is not None and len(before) + len(part) <= LARGEST:
            return before + part if before else part
        if before is not None:
            self.sizes = getattr(self, "sizes", [0, 0])
            self.sizes[which] = len(before)
        self.sizes[which] += len(part)
        return None


def remark(text: str) -> None:
    """Say of the request that is being answered here what its answer alone does not tell."""
    _REMARKS.get([]).append(text)


class Wire:
    """The newest exchanges of one start, without secrets.

    ``version`` counts requests and answers, so that one can tell whether there is more.
    """

    def __init__(self) -> None:
        self._labels = Labels(public=[PASSWORD])
        self._redaction = Redaction(self._labels)
        self._kept: deque[Noted] = deque(maxlen=KEPT)
        self._to_read: deque[tuple[Noted, bool]] = deque(maxlen=2 * KEPT)
        self._held = 0  # bytes of bodies that wait to be read
        self._reading = threading.Lock()
        self._begun = 0
        self._settling = False
        self.version = 0

    def __repr__(self) -> str:
        return f"Wire({self._begun} exchanges)"

    def note_made(self, kind: str, value: str) -> None:
        """Learn of an identifier that was made; some are secrets."""
        if kind in _MADE:
            with self._reading:
                self._labels.know(_MADE[kind], value)

    def begin_as(self, other: Wire) -> None:
        """Know the secrets that a record of nothing yet knows."""
        self._labels.begin_as(other._labels)

    def since(self, number: int = 0) -> list[Exchange]:
        """Return the exchanges with a higher number, oldest first."""
        self._read()
        found = [noted.exchange for noted in list(self._kept)]
        return [exchange for exchange in found if exchange and exchange.number > number]

    def ask(
        self, asker: str, answerer: str, method: str, url: str | Where, headers: Headers
    ) -> Noted:
        """Note a request, and return what its body and its answer are to be told to.

        Args:
            asker: who asks.
            answerer: who is asked.
            method: of HTTP.
            url: with the query, or what it is made of.
            headers: as they were sent.
        """
        self._begun += 1
        self.version += 1
        noted = Noted(self._begun, asker, answerer, method, url, headers, self.version)
        if len(self._kept) == KEPT:
            self._drop(self._kept[0])
        self._kept.append(noted)
        self._add(noted, asks=True)
        return noted

    def answer(self, noted: Noted, status: int, headers: Headers, failed: str = "") -> None:
        """Note the answer to a request, whose body it has got already, or why there is none."""
        noted.status = status
        noted.answer_headers = headers
        noted.failed = failed
        noted.ended = time.time()
        self.version += 1
        noted.answered = self.version
        noted.held = len(noted.sent or b"") + len(noted.got or b"")
        self._held += noted.held
        self._add(noted, asks=False)

    def _add(self, noted: Noted, *, asks: bool) -> None:
        self._to_read.append((noted, asks))
        if self._held > _HELD:
            self._read()
        elif not self._settling:
            try:
                loop = asyncio.get_running_loop()
            except RuntimeError:
                return  # whoever looks reads
            self._settling = True
            loop.call_later(_QUIET, self._settle, loop, self.version)

    def _settle(self, loop: asyncio.AbstractEventLoop, version: int) -> None:
        """Read a little of what was noted, once it is quiet."""
        if version == self.version:
            self._read(_AT_ONCE)
        self._settling = bool(self._to_read)
        if self._settling:
            loop.call_later(_QUIET, self._settle, loop, self.version)

    def _read(self, at_most: int = 2 * KEPT) -> None:
        """Read requests and answers in the order in which they passed, so labels follow it."""
        with self._reading:
            for _ in range(min(at_most, len(self._to_read))):
                noted, asks = self._to_read.popleft()
                if noted.number <= self._begun - KEPT:
                    self._drop(noted)  # it was answered after its place was taken
                    continue
                if asks:
                    self._read_request(noted)
                else:
                    self._read_answer(noted)

    def _drop(self, noted: Noted) -> None:
        self._held -= noted.held
        noted.held = 0

    def _read_request(self, noted: Noted) -> None:
        url = noted.url if isinstance(noted.url, str) else _url(noted.url, noted.headers)
        place, query = self._redaction.target(url)
        headers = _decoded(noted.headers)
        kept = set(REQUEST_HEADERS)
        if noted.answerer == "Arcade":
            kept.remove("cookie")  # TickTick's, which a browser sends to all of localhost
        key = api_key_is_asked_for(place)
        shown = self._redaction.headers(headers, kept, api_key=key)
        noted.exchange = Exchange(
            number=noted.number,
            asker=noted.asker,
            answerer=noted.answerer,
            method=noted.method,
            url=place,
            query=query,
            request=Message(shown, self._body(noted, headers, noted.sent, 0)),
            began=datetime.fromtimestamp(noted.began, UTC),
            asked=noted.asked,
        )

    def _read_answer(self, noted: Noted) -> None:
        exchange = noted.exchange
        if exchange is None:
            return
        if noted.sent != b"" and not exchange.request.body:  # it came after the first look
            body = self._body(noted, _decoded(noted.headers), noted.sent, 0)
            exchange.request = Message(exchange.request.headers, body)
        headers = _decoded(noted.answer_headers)
        shown = self._redaction.headers(headers, RESPONSE_HEADERS)
        exchange.response = Message(shown, self._body(noted, headers, noted.got, 1))
        exchange.status = noted.status
        exchange.failed = noted.failed
        exchange.remark = ", ".join(noted.remarks)
        exchange.seconds = max(0.0, noted.ended - noted.began)
        exchange.answered = noted.answered
        noted.url, noted.headers, noted.answer_headers = "", (), ()
        noted.sent = noted.got = b""
        self._drop(noted)

    def _body(self, noted: Noted, headers: Pairs, body: bytes | None, which: int) -> str:
        size = noted.sizes[which] if body is None else len(body)
        return self._redaction.body(dict(headers).get("content-type", ""), body, size)


class Recording:
    """Passes requests on to an application, and notes them.

    Args:
        app: answers.
        answerer: what it is called.
        wire: returns the present record.
    """

    def __init__(self, app: ASGIApp, answerer: str, wire: Callable[[], Wire]) -> None:
        self._app = app
        self._answerer = answerer
        self._wire = wire

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        asker = scope.get(ASKER)
        for name, value in scope["headers"]:
            if name == _LOOKING:
                await self._app(scope, receive, send)
                return
            if name == b"sec-fetch-mode" or (name == b"accept" and value[:9] == b"text/html"):
                asker = asker or "Browser"  # which says what it is
        if scope["path"] == "/favicon.ico":
            await self._app(scope, receive, send)
            return
        wire = self._wire()
        method = scope["method"]
        where = (
            scope["scheme"],
            scope.get("raw_path") or scope["path"].encode(),
            scope["query_string"],
        )
        noted = wire.ask(asker or "Program", self._answerer, method, where, scope["headers"])
        start: ASGIMessage = {}

        async def receive_noted() -> ASGIMessage:
            message = await receive()
            if body := message.get("body"):
                noted.send(body)
            return message

        async def send_noted(message: ASGIMessage) -> None:
            nonlocal start
            if message["type"] == "http.response.start":
                start = message
            else:
                if body := message.get("body"):
                    noted.get(body)
                if not message.get("more_body"):  # before it is sent: what follows comes later
                    wire.answer(noted, start["status"], start["headers"])
            await send(message)

        try:
            await self._app(scope, receive if method == "GET" else receive_noted, send_noted)
        finally:
            if not noted.answered:
                wire.answer(noted, 0, (), "no answer")


def recording_transport(
    inner: httpx.AsyncBaseTransport,
    asker: str,
    name_of: Callable[[str], str],
    wire: Callable[[], Wire],
) -> httpx.AsyncBaseTransport:
    """Return a transport that notes what it passes on.

    Args:
        inner: sends the requests.
        asker: who sends them.
        name_of: says who answers at a URL.
        wire: returns the present record.
    """
    import httpx

    class Watched(httpx.AsyncByteStream):
        """An answer's bytes; it is noted once they have passed or nobody wants more of them."""

        def __init__(self, stream: httpx.AsyncByteStream, noted: Noted, done: Callable) -> None:
            self._stream = stream
            self._noted = noted
            self._done = done

        async def __aiter__(self) -> AsyncIterator[bytes]:
            async for part in self._stream:
                self._noted.get(part)
                yield part

        async def aclose(self) -> None:
            self._done()
            await self._stream.aclose()

    class Recorded(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            record, url = wire(), str(request.url)
            noted = record.ask(asker, name_of(url), request.method, url, request.headers.raw)
            noted.send(request.content)
            try:
                response = await inner.handle_async_request(request)
            except BaseException as problem:  # a time-out cancels
                record.answer(noted, 0, (), f"no answer: {type(problem).__name__}")
                raise
            assert isinstance(response.stream, httpx.AsyncByteStream)

            def done() -> None:
                record.answer(noted, response.status_code, response.headers.raw)

            response.stream = Watched(response.stream, noted, done)
            return response

        async def aclose(self) -> None:
            await inner.aclose()

    return Recorded()


def _decoded(headers: Headers) -> Pairs:
    return tuple((k.decode("latin-1").lower(), v.decode("latin-1")) for k, v in headers)


def _url(where: Where, headers: Headers) -> str:
    scheme, path, query = where
    url = dict(headers).get(b"host", b"") + path + (b"?" + query if query else b"")
    return f"{scheme}://{url.decode('latin-1')}"
