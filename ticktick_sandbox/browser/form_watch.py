"""Which forms people send off, and whether with what the notebook needs."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode

from ticktick_sandbox.browser.consent import DENY
from ticktick_sandbox.browser.html import Form, refill

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

_DONE = (302, 303)  # how forms answer when they are taken; a refused one is shown again
_LAST_PAGE = "/api/v1/oauth/callback_success"  # Arcade's
_LARGEST = 2_000_000  # bytes of a form that is looked at; an icon may have 1 MB


@dataclass
class Wanted:
    """A form that a person is to send off.

    ``shown_at`` is the path and query of the page that has it for who is signed in, ``places``
    has all paths at which that page may be, ``needed`` what must be in its
    fields by their labels, ``free`` the labels of what may differ, and ``click`` the button.
    ``wrong`` says that this is another form of the page, whose button looks the same. ``first``
    is a link that they have to follow before, and the path of its page, until they have.
    """

    form: Form
    path: str
    shown_at: str
    click: str
    places: Collection[str] = ()
    needed: Mapping[str, str] = field(default_factory=dict)
    free: Collection[str] = ()
    wrong: str = ""
    first: tuple[str, str] | None = None

    def differences(self, sent: Mapping[str, str]) -> list[str]:
        """Return what is not as needed, in sentences for the person who sent it."""
        if self.wrong:
            return [self.wrong]
        if self.first:
            return [f"Click {self.first[0]} on the page below first, and then {self.click}."]
        button = self.form.buttons[self.click]
        if button.name and sent.get(button.name) != button.value:
            others = self.form.buttons.items()
            clicked = [text for text, b in others if b.name and sent.get(b.name) == b.value]
            return [f"You clicked {', '.join(clicked) or 'something else'}, not {self.click}."]
        right = self.form.filled(self.needed)
        return [
            self._difference(label, sent.get(self.form.labels[label], ""), sent)
            for label in self.needed
            if sent.get(self.form.labels[label]) != right.get(self.form.labels[label])
        ]

    def _difference(self, label: str, typed: str, sent: Mapping[str, str]) -> str:
        if typed and is_secret(label):
            return f"{label} is not the one that the app's page shows."
        choices = self.form.choices.get(self.form.labels[label], {})
        shown = {v: k for k, v in reversed(choices.items()) if v}  # the text before the value
        if typed:
            return f"{label} is {shown.get(typed, typed)}; needed is {self.needed[label]}."
        changed = [
            other
            for other, name in self.form.labels.items()
            if other not in self.needed and other not in self.free
            if sent.get(name) and sent.get(name) != self.form.fields.get(name)
        ]
        instead = f"; you filled in {', '.join(changed)}" if changed else ""
        return f"{label} is still empty{instead}."


@dataclass
class Shown:
    """A person sees the page: where it asked them to sign in, they have."""


@dataclass
class Sent:
    """A form that a person sent off: whether it was taken as needed, and what differed.

    ``leaves`` says that the answer leads to another server, as from consent back to Arcade.
    """

    taken: bool
    differences: list[str]
    leaves: bool = False


@dataclass
class Ended:
    """The browser has come to the last page of an authorization."""


type Step = Shown | Sent | Ended


class FormWatch:
    """Looks at the forms that are waited for. Asked from any thread."""

    def __init__(self) -> None:
        self._wanted: dict[str, Wanted] = {}
        self._steps: SimpleQueue[Step] = SimpleQueue()
        self._lock = threading.Lock()

    @contextmanager
    def waiting_for(self, wanted: Collection[Wanted]) -> Iterator[Callable[[float], Step | None]]:
        """Look at these forms while the block runs.

        Yields:
            what returns the person's next step, or ``None`` after so many seconds without one.
        """

        def following(timeout: float) -> Step | None:
            try:
                return steps.get(timeout=timeout)
            except Empty:
                return None

        with self._lock:
            steps = self._steps = SimpleQueue()
            self._wanted = {each.path: each for each in wanted}
        try:
            yield following
        finally:
            with self._lock:
                self._wanted = {}

    def watching(self, app: ASGIApp) -> ASGIApp:
        """Return ``app`` with its forms looked at.

        A form with something else than needed in it does not reach ``app``, so that nothing
        comes of it: the page is shown again, with what was typed and what differs. Neither does
        a consent where the person was to deny it, which they could not easily take back.
        """

        async def watched(scope: Scope, receive: Receive, send: Send) -> None:
            if not self._wanted:
                await app(scope, receive, send)
                return
            with self._lock:
                wanted, queue = dict(self._wanted), self._steps
            for each in wanted.values():
                if each.first and (scope["method"], scope["path"]) == ("GET", each.first[1]):
                    each.first = None
            step = _step_of(scope, wanted.values())
            if step is not None:
                await app(scope, receive, _noting(step, send, queue))
                return
            wanted = wanted.get(scope["path"])
            if scope["method"] != "POST" or wanted is None or _is_foreign(scope):
                await app(scope, receive, send)
                return
            messages, sent = await _read(scope, receive)
            differences = wanted.differences(sent) if sent is not None else []
            stops = wanted.needed or wanted.wrong or wanted.first or wanted.click == DENY
            if sent is not None and differences and stops:
                queue.put(Sent(False, differences))
                await _show_again(app, scope, wanted, sent, differences, send)
                return

            async def replayed() -> Message:
                return messages.pop(0) if messages else await receive()

            async def noting(message: Message) -> None:
                await send(message)
                if message["type"] == "http.response.start":
                    taken = message["status"] in _DONE and not differences
                    place = dict(message["headers"]).get(b"location", b"")
                    queue.put(Sent(taken, differences, place.startswith(b"http")))

            await app(scope, replayed, noting)

        return watched


def _step_of(scope: Scope, wanted: Collection[Wanted]) -> Step | None:
    """Return what it means that a page is shown."""
    if scope["method"] != "GET" or not wanted:
        return None
    if scope["path"] == _LAST_PAGE:
        return Ended()
    return Shown() if any(scope["path"] in each.places for each in wanted) else None


def _noting(step: Step, send: Send, queue: SimpleQueue[Step]) -> Send:
    async def noting(message: Message) -> None:
        await send(message)
        if message["type"] == "http.response.start" and message["status"] // 100 != 3:
            queue.put(step)

    return noting


def is_secret(label: str) -> bool:
    """Tell by its label whether a field holds what is not to be shown."""
    return any(word in label.lower() for word in ("secret", "password"))


def _is_foreign(scope: Scope) -> bool:
    """Tell whether a page of somebody else sent the form; the application refuses it."""
    site = dict(scope["headers"]).get(b"sec-fetch-site", b"same-origin")
    return site not in (b"same-origin", b"none")


async def _read(scope: Scope, receive: Receive) -> tuple[list[Message], dict[str, str] | None]:
    """Return the messages of a body, to be sent on, and the texts in it; ``None`` if unknown."""
    messages: list[Message] = []
    size = 0
    while not messages or messages[-1].get("more_body"):
        message = await receive()
        messages.append(message)
        size += len(message.get("body", b""))
        if message["type"] != "http.request" or size > _LARGEST:
            return messages, None
    from starlette.requests import Request  # not at the top: every command imports this module

    copy = iter(list(messages))

    async def again() -> Message:
        return next(copy)

    try:
        async with Request(scope, again).form() as form:
            return messages, {k: v for k, v in form.multi_items() if isinstance(v, str)}
    except Exception:  # whatever is wrong with it, the application says so
        return messages, None


async def _show_again(
    app: ASGIApp,
    scope: Scope,
    wanted: Wanted,
    sent: Mapping[str, str],
    differences: list[str],
    send: Send,
) -> None:
    """Answer with the page that has the form, what was typed, and what differs."""
    path, _, query = wanted.shown_at.partition("?")
    carried = dict(parse_qsl(query)) | {k: sent[k] for k in ("session",) if k in sent}
    dropped = (b"content-type", b"content-length", b"transfer-encoding")
    headers = [(name, value) for name, value in scope["headers"] if name not in dropped]
    get = {
        **scope,
        "method": "GET",
        "path": path,
        "raw_path": path.encode(),
        "query_string": urlencode(carried).encode(),
        "headers": headers,
    }
    start: Message = {}
    body = b""

    async def nothing() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def collecting(message: Message) -> None:
        nonlocal start, body
        if message["type"] == "http.response.start":
            start = message
        else:
            body += message.get("body", b"")

    await app(get, nothing, collecting)
    if start["status"] == 200:
        html = refill(body.decode(), sent, "Nothing was saved yet. " + " ".join(differences))
        body = html.encode()
        kept = [h for h in start["headers"] if h[0].lower() != b"content-length"]
        start = start | {
            "status": 400,
            "headers": [*kept, (b"content-length", str(len(body)).encode())],
        }
    await send(start)
    await send({"type": "http.response.body", "body": body})
