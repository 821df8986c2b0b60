"""Where requests come in and go out: what is recorded of them, and who asked whom."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ticktick_sandbox.recording.exchange import Exchange, Message
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

KEPT = 500  # exchanges
ASKER = "ticktick_sandbox.asker"
"""Where a request's scope says who asks, if that is known."""

LOOKING = "ticktick-sandbox-looking"
"""The header by which the sandbox reads a page itself; that is no part of what happened."""

_MADE = {
    "code": "code",
    "access_token": "token",
    "client_secret": "client secret",
    "flow": "state",
    "verifier test": "state",
}
"""What kind of secret each kind of identifier is."""


class Wire:
    """The newest exchanges of one start, without secrets.

    ``version`` counts what was added, or answered, so that one can tell whether there is more.
    """

    def __init__(self) -> None:
        self._labels = Labels(public=[PASSWORD])
        self._redaction = Redaction(self._labels)
        self._kept: deque[Exchange] = deque(maxlen=KEPT)
        self._begun = 0
        self.version = 0

    def __repr__(self) -> str:
        return f"Wire({self._begun} exchanges)"

    def note_made(self, kind: str, value: str) -> None:
        """Learn of an identifier that was made; some are secrets."""
        if kind in _MADE:
            self._labels.know(_MADE[kind], value)

    def since(self, number: int = 0) -> list[Exchange]:
        """Return the exchanges with a higher number, oldest first."""
        return [exchange for exchange in list(self._kept) if exchange.number > number]

    def ask(
        self, asker: str, answerer: str, method: str, url: str, headers: Sequence[tuple[str, str]]
    ) -> Exchange:
        """Record a request, and return what its body and its answer are to be told to.

        Args:
            asker: who asks.
            answerer: who is asked.
            method: of HTTP.
            url: with the query.
            headers: names in lower case, and values.
        """
        place, query = self._redaction.target(url)
        shown = self._redaction.headers(
            headers, REQUEST_HEADERS, api_key=api_key_is_asked_for(place)
        )
        self._begun += 1
        self.version += 1
        exchange = Exchange(
            number=self._begun,
            asker=asker,
            answerer=answerer,
            method=method,
            url=place,
            query=query,
            request=Message(shown),
            began=datetime.now(UTC),
            asked=self.version,
        )
        self._kept.append(exchange)
        return exchange

    def sent(self, exchange: Exchange, body: Body) -> None:
        """Record the body of a request."""
        headers = exchange.request.headers
        exchange.request = Message(headers, self._read(dict(headers), body))

    def answered(
        self, exchange: Exchange, status: int, headers: Sequence[tuple[str, str]], body: Body
    ) -> None:
        """Record the answer to a request."""
        shown = self._redaction.headers(headers, RESPONSE_HEADERS)
        exchange.response = Message(shown, self._read(dict(headers), body))
        exchange.status = status
        self._end(exchange)

    def failed(self, exchange: Exchange, why: str) -> None:
        """Record that a request got no answer."""
        exchange.failed = why
        self._end(exchange)

    def _end(self, exchange: Exchange) -> None:
        exchange.seconds = max(0.0, (datetime.now(UTC) - exchange.began).total_seconds())
        self.version += 1
        exchange.answered = self.version

    def _read(self, headers: Mapping[str, str], body: Body) -> str:
        return self._redaction.body(headers.get("content-type", ""), body.content, body.size)


class Body:
    """The bytes of a message as they pass; of too many, the number alone."""

    def __init__(self, content: bytes = b"") -> None:
        self.size = 0
        self._parts: list[bytes] = []
        self.add(content)

    def add(self, part: bytes) -> None:
        """Take the next bytes."""
        self.size += len(part)
        if self.size <= LARGEST:
            self._parts.append(part)
        else:
            self._parts.clear()

    @property
    def content(self) -> bytes | None:
        """All bytes, or ``None`` if they are too many."""
        return b"".join(self._parts) if self.size <= LARGEST else None


class Recording:
    """Passes requests on to an application, and records them.

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
        headers = _decoded(scope["headers"])
        named = dict(headers)
        if LOOKING in named or scope["path"] == "/favicon.ico":
            await self._app(scope, receive, send)
            return
        wire = self._wire()
        asker = scope.get(ASKER) or _asker(named)
        exchange = wire.ask(asker, self._answerer, scope["method"], _url(scope, named), headers)
        sent, got = Body(), Body()
        answer: ASGIMessage = {}

        async def receive_watched() -> ASGIMessage:
            message = await receive()
            sent.add(message.get("body", b""))
            if message["type"] == "http.request" and not message.get("more_body") and sent.size:
                wire.sent(exchange, sent)
            return message

        async def send_watched(message: ASGIMessage) -> None:
            if message["type"] == "http.response.start":
                answer.update(message)
            elif message["type"] == "http.response.body":
                got.add(message.get("body", b""))
                if not message.get("more_body"):  # before it is sent: what follows comes later
                    wire.answered(exchange, answer["status"], _decoded(answer["headers"]), got)
            await send(message)

        try:
            await self._app(scope, receive_watched, send_watched)
        finally:
            if not exchange.answered:
                wire.failed(exchange, "no answer")


def recording_transport(
    inner: httpx.AsyncBaseTransport,
    asker: str,
    name_of: Callable[[str], str],
    wire: Callable[[], Wire],
) -> httpx.AsyncBaseTransport:
    """Return a transport that records what it passes on.

    Args:
        inner: sends the requests.
        asker: who sends them.
        name_of: says who answers at a URL.
        wire: returns the present record.
    """
    import httpx

    class Watched(httpx.AsyncByteStream):
        """An answer's bytes, recorded once they have passed or nobody wants more of them."""

        def __init__(self, stream: httpx.AsyncByteStream, done: Callable[[Body], None]) -> None:
            self._stream = stream
            self._done = done
            self._body = Body()

        async def __aiter__(self) -> AsyncIterator[bytes]:
            async for part in self._stream:
                self._body.add(part)
                yield part

        async def aclose(self) -> None:
            self._done(self._body)
            await self._stream.aclose()

    class Recorded(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            record, url = wire(), str(request.url)
            headers = _decoded(request.headers.raw)
            exchange = record.ask(asker, name_of(url), request.method, url, headers)
            record.sent(exchange, Body(request.content))
            try:
                response = await inner.handle_async_request(request)
            except BaseException as problem:  # a time-out cancels
                record.failed(exchange, f"no answer: {type(problem).__name__}")
                raise
            headers = _decoded(response.headers.raw)
            assert isinstance(response.stream, httpx.AsyncByteStream)
            response.stream = Watched(
                response.stream,
                lambda body: record.answered(exchange, response.status_code, headers, body),
            )
            return response

        async def aclose(self) -> None:
            await inner.aclose()

    return Recorded()


def _decoded(headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[str, str]]:
    return [(k.decode("latin-1").lower(), v.decode("latin-1")) for k, v in headers]


def _url(scope: Scope, headers: Mapping[str, str]) -> str:
    path = (scope.get("raw_path") or scope["path"].encode()).decode("latin-1")
    query = scope["query_string"].decode("latin-1")
    return f"{scope['scheme']}://{headers.get('host', '')}{path}" + (f"?{query}" if query else "")


def _asker(headers: Mapping[str, str]) -> str:
    """Return who asks, of those whom nobody has named: a browser says what it is."""
    browses = "sec-fetch-mode" in headers or headers.get("accept", "").startswith("text/html")
    return "Browser" if browses else "Program"
