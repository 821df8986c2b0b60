"""Faults on demand: a service that is slow, down, refuses, or answers with half a body.

A fault waits for the requests that it is meant for, and is over after so many of them. What it
does is real for whoever asks: a client's time-out runs out, a connection ends, JSON does not
parse. Starting over removes all faults.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ticktick_sandbox.recording.recorder import remark
from ticktick_sandbox.shared.errors import SandboxError
from ticktick_sandbox.shared.event_log import EventLog

SERVICES = ("Arcade", "TickTick")
ABORT = "ticktick_sandbox.abort"
"""The extension of a request's scope that ends its connection without an answer."""

_MOST = 100  # faults at once
_LONGEST = 600.0  # seconds
_MOST_PER_MINUTE = 10_000
_LARGEST = 100_000  # characters of a body
_OF_THE_API = re.compile(r"^(\S+ )(/(?:project|task)\b.*)$")  # as one writes it below a base_url
_STATUSES = range(100, 600)


class Down(ConnectionError):
    """The service is down, as a fault wants it; for those who ask inside this process."""


@dataclass(frozen=True)
class Fault:
    """What happens to some requests.

    ``service`` is who is asked, ``request`` method and path, with ``*`` for anything.
    ``times`` is for how many requests it is still there, ``None`` for all. The request is
    answered after ``seconds`` more: not at all if the service is ``down``, with ``status`` and
    ``body`` if there are any, with the first half of its body if that is ``broken``, and
    otherwise as always.
    """

    service: str
    request: str = "* *"
    times: int | None = 1
    seconds: float = 0.0
    down: bool = False
    status: int | None = None
    body: str | None = None
    broken: bool = False

    @property
    def remark(self) -> str:
        """What the record says of an answer that it met, beside the answer itself."""
        more = ["half a body"] if self.broken else []
        more += [f"{self.seconds:g} s late"] if self.seconds else []
        return f"a fault: {', '.join(more)}" if more else "a fault"

    def __str__(self) -> str:
        """Return a sentence about it."""
        does = ["does not answer"] if self.down else []
        if self.status is not None:
            does.append(f"answers {self.status}")
        if self.broken:
            does.append("answers with half a body")
        does += [] if does else ["answers"]
        late = f", {self.seconds:g} s late" if self.seconds else ""
        left = "from now on" if self.times is None else f"{self.times} more"
        return f"{self.service} {' and '.join(does)}{late} to {self.request} ({left})"


class Faults:
    """The faults of one start, in the order in which they were added; the first that fits acts.

    Args:
        event_log: is told of each.
        limit: sets how many requests a minute TickTick takes, ``None`` for any number.
    """

    def __init__(self, event_log: EventLog, limit: Callable[[int | None], object]) -> None:
        self._event_log = event_log
        self._limit = limit
        self._waiting: list[Fault] = []
        self._unmet: list[Fault] = []

    def all(self) -> list[Fault]:
        """Return those that still wait for a request."""
        return list(self._waiting)

    def unmet(self) -> list[Fault]:
        """Return those that no request has met: perhaps none is for what they name."""
        return list(self._unmet)

    def add(
        self,
        service: str,
        request: str = "* *",
        *,
        times: int | None = 1,
        seconds: float = 0.0,
        down: bool = False,
        status: int | None = None,
        body: str | Mapping[str, Any] | None = None,
        broken: bool = False,
    ) -> Fault:
        """Let something go wrong with the next requests.

        Args:
            service: ``Arcade`` or ``TickTick``.
            request: method and path, such as ``POST /oauth/token``; ``*`` stands for anything.
            times: for how many requests; ``None`` until ``clear`` or starting over.
            seconds: how late the answer is, in real time.
            down: the connection ends without an answer.
            status: answer with this HTTP status instead.
            body: and with this: a text, or what is sent as JSON.
            broken: send only the first half of the body that would have been sent.

        Raises:
            SandboxError: there is no such fault; the text says what is wrong.
        """
        request = "* *" if request.strip() == "*" else request
        text = body if body is None or isinstance(body, str) else json.dumps(body)
        fault = Fault(service, request.strip(), times, seconds, down, status, text, broken)
        if reason := _wrong(fault):
            raise SandboxError(reason)
        if len(self._waiting) >= _MOST:
            raise SandboxError(f"There are {_MOST} faults already. Clear them first.")
        self._waiting.append(fault)
        self._unmet.append(fault)
        self._event_log.add("Sandbox", f"fault: {fault}")
        return fault

    def limit(self, per_minute: int = 100) -> None:
        """Switch TickTick's limit on: so many requests to the Open API a minute and account.

        Beyond it is HTTP 500 ``exceed_query_limit``, as reported of the real service, whose limit
        is 100. Refused requests don't count here; whether they do there is not known.

        Raises:
            SandboxError: that is no limit.
        """
        if not 1 <= per_minute <= _MOST_PER_MINUTE:
            raise SandboxError(f"per_minute is from 1 to {_MOST_PER_MINUTE}.")
        self._limit(per_minute)
        text = f"fault: TickTick takes {per_minute} requests a minute and account"
        self._event_log.add("Sandbox", text)

    def clear(self) -> None:
        """Let nothing go wrong any more."""
        self._waiting.clear()
        self._unmet.clear()
        self._limit(None)
        self._event_log.add("Sandbox", "no faults any more")

    def take(self, service: str, method: str, path: str) -> Fault | None:
        """Return what happens to a request, which counts as met."""
        asked = f"{method} {path}"
        for place, fault in enumerate(self._waiting):
            if fault.service == service and fnmatchcase(asked, fault.request):
                if fault in self._unmet:
                    self._unmet.remove(fault)
                if fault.times is not None:
                    left = replace(fault, times=fault.times - 1)
                    self._waiting[place : place + 1] = [left] if left.times else []
                met = replace(fault, request=asked, times=None)
                text = str(met).removesuffix(" (from now on)")
                self._event_log.add("Sandbox", f"a fault: {text}", problem=True)
                return fault
        return None

    async def serve(
        self, service: str, app: ASGIApp, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Let the application of a service answer one request, with whatever goes wrong."""
        waiting = self._waiting
        fault = self.take(service, scope["method"], scope["path"]) if waiting else None
        if fault is None:
            await app(scope, receive, send)
            return
        remark(fault.remark)
        await asyncio.sleep(fault.seconds)
        if fault.down:
            await _end(scope, receive)
        elif fault.status is not None:
            await _answer(fault, send)
        else:
            await app(scope, receive, _halving(send) if fault.broken else send)


def _wrong(fault: Fault) -> str:
    """Return why there can't be such a fault, and nothing if there can."""
    if fault.service not in SERVICES:
        return f"The service is {' or '.join(SERVICES)}, not {fault.service!r}."
    if " " not in fault.request:
        return f"Give method and path, such as POST /oauth/token, not {fault.request!r}."
    if fault.service == "TickTick" and (path := _OF_THE_API.search(fault.request)):
        return f"That request does not exist. Write {path[1]}/open/v1{path[2]}."
    if fault.times is not None and fault.times < 1:
        return "times is how many requests it is for: 1 or more, or None for all."
    if not 0 <= fault.seconds <= _LONGEST:
        return f"seconds is from 0 to {_LONGEST:.0f}."
    if fault.status is not None and fault.status not in _STATUSES:
        return "status is an HTTP status, from 100 to 599."
    if fault.body is not None and (fault.status is None or len(fault.body) > _LARGEST):
        return f"body belongs to a status, and has {_LARGEST} characters at most."
    if sum((fault.down, fault.status is not None, fault.broken)) > 1:
        return "One of down, status and broken; they exclude each other."
    if not (fault.seconds or fault.down or fault.status is not None or fault.broken):
        return "Say what goes wrong: seconds, down, status, or broken."
    return ""


async def _end(scope: Scope, receive: Receive) -> None:
    abort = scope.get("extensions", {}).get(ABORT)
    if abort is None:
        raise Down("the sandbox lets this service be down")
    abort()
    while (await receive())["type"] != "http.disconnect":
        pass  # until the server knows that nobody is there any more to be answered


async def _answer(fault: Fault, send: Send) -> None:
    text = fault.body or ""
    kind = "application/json" if text[:1] in ("{", "[") else "text/plain; charset=utf-8"
    headers = [(b"content-type", kind.encode()), (b"content-length", b"%d" % len(text.encode()))]
    start = {"type": "http.response.start", "status": fault.status, "headers": headers}
    await send(start)
    await send({"type": "http.response.body", "body": text.encode()})


def _halving(send: Send) -> Send:
    """Return a way to send by which only the first half of a body arrives."""
    start: Message = {}
    body = b""

    async def halved(message: Message) -> None:
        nonlocal start, body
        if message["type"] == "http.response.start":
            start = message
            return
        body += message.get("body", b"")
        if not message.get("more_body"):
            half = body[: len(body) // 2]
            length = (b"content-length", b"%d" % len(half))
            kept = [pair for pair in start["headers"] if pair[0].lower() != length[0]]
            await send({**start, "headers": [*kept, length]})
            await send({"type": "http.response.body", "body": half})

    return halved
