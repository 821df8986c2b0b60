"""What becomes of a program that waits for a person, where there is none."""

from __future__ import annotations

import asyncio
import re
from abc import ABC, abstractmethod
from collections import OrderedDict
from contextlib import suppress
from urllib.parse import parse_qs

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ticktick_sandbox.arcade.engine.authorizations import UnknownAuthorization
from ticktick_sandbox.browser.consent import ALLOW, answer
from ticktick_sandbox.server.current_services import CurrentServices
from ticktick_sandbox.shared.errors import SandboxError

_STATUS = re.compile(r"/v1/auth/status/?")
_PAUSE = 3.0  # seconds between two polls after which it is another wait
_LOOKS = 10  # times the patience, for a program that looks again and again and does not wait
_WAITS_KEPT = 100


class Policy(ABC):
    """Says how long a program may wait, and what happens then.

    ``patience`` is in seconds.
    """

    patience: float

    @abstractmethod
    async def meet(self, running: CurrentServices, auth_id: str, url: str) -> str:
        """Do what ends the wait for this authorization, or say in a sentence why it is in vain.

        Runs on the servers' loop. ``url`` is the link to consent.
        """


class Refuse(Policy):
    """Tells a test that nobody will come."""

    def __init__(self) -> None:
        self.patience = 0.8
        self.deciding = 0  # consents on their way

    async def meet(self, running: CurrentServices, auth_id: str, url: str) -> str:
        """Return what the test has to do, unless it is just doing that."""
        while self.deciding:
            await asyncio.sleep(0.01)
        authorizations = running.engine.authorizations
        if problem := authorizations.problem_of(auth_id):
            return f"{auth_id} was refused ({problem}), and this program waits for it nevertheless."
        if authorizations.is_to_be_verified(auth_id):
            return (
                f"A person has consented to {auth_id}, and nobody has verified them, so this "
                "program waits in vain: your app's verifier has to call confirm_user."
            )
        return (
            f"Nobody is here to consent to {auth_id}, and this program waits for it. Before it "
            "does, call ticktick_sandbox.consent(auth), or deny(auth) and don't wait. For a "
            "person or a thread that needs longer, set ticktick_sandbox.patience, in seconds."
        )


class Allow(Policy):
    """Consents for a program as soon as it waits, as the person whom TickTick's page offers.

    Not after a test has said no.
    """

    def __init__(self) -> None:
        self.patience = 0.1

    async def meet(self, running: CurrentServices, auth_id: str, url: str) -> str:
        """Click Allow; return why that can't be done."""
        if problem := running.engine.authorizations.problem_of(auth_id):
            return f"The autopilot does not ask again: {auth_id} was refused ({problem})."
        try:
            page = await asyncio.to_thread(answer, url, ALLOW, running.local)
        except SandboxError as problem:
            return f"The autopilot can't consent to {auth_id}. {problem}"
        if page.error:
            return f"The autopilot has consented to {auth_id}. {page.heading}: {page.error}"
        return ""


class Unattended:
    """Passes requests on to the Engine; polls for a consent don't last longer than they may.

    A wait that is in vain is answered 400, which no client tries again, with the reason.

    Args:
        app: the Engine's application.
        running: what answers now.
        policy: says how long a program may wait, and what happens then.
    """

    def __init__(self, app: ASGIApp, running: CurrentServices, policy: Policy) -> None:
        self._app = app
        self._running = running
        self._policy = policy
        self._waits: OrderedDict[str, tuple[float, float]] = OrderedDict()  # first and last poll
        self._services: object = None  # to which these belong: after starting over, ids come again

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["method"] != "GET" or not _STATUS.fullmatch(scope["path"]):
            await self._app(scope, receive, send)
            return
        query = parse_qs(scope["query_string"].decode("latin-1"))
        auth_id = query.get("id", [""])[0]
        now = asyncio.get_running_loop().time()
        lasted = now - self._began(auth_id, now)
        if query.get("wait", ["0"])[0] in ("", "0"):
            if lasted > _LOOKS * self._policy.patience and (why := await self._met(auth_id)):
                await _refusal(why)(scope, receive, send)
            else:
                await self._app(scope, receive, send)
            return
        begun = False

        async def send_noted(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        answering = asyncio.ensure_future(self._app(scope, receive, send_noted))  # type: ignore[arg-type]
        try:
            await asyncio.wait([answering], timeout=max(0.0, self._policy.patience - lasted))
            why = "" if answering.done() else await self._met(auth_id)
            if why and not begun:
                answering.cancel()
                with suppress(asyncio.CancelledError):
                    await answering
                await _refusal(why)(scope, receive, send)
            else:
                await answering
        finally:
            answering.cancel()
            if auth_id in self._waits:
                self._began(auth_id, asyncio.get_running_loop().time())

    def _began(self, auth_id: str, now: float) -> float:
        """Return when the program began to ask for this again and again."""
        if self._services is not self._running.services:
            self._services = self._running.services
            self._waits.clear()
        first, last = self._waits.pop(auth_id, (now, now))
        first = now if now - last > _PAUSE else first
        self._waits[auth_id] = first, now
        if len(self._waits) > _WAITS_KEPT:
            self._waits.popitem(last=False)
        return first

    async def _met(self, auth_id: str) -> str:
        """Have the wait met; return why it is in vain, and nothing if it isn't."""
        if not await self._pending(auth_id):
            return ""
        running = self._running
        found = await running.engine.authorizations.status(auth_id)
        why = await self._policy.meet(running, auth_id, found["url"])
        return why if await self._pending(auth_id) else ""

    async def _pending(self, auth_id: str) -> bool:
        try:
            found = await self._running.engine.authorizations.status(auth_id)
        except UnknownAuthorization:
            return False
        return found["status"] == "pending"


def _refusal(why: str) -> JSONResponse:
    return JSONResponse({"name": "nobody_consents", "message": why}, status_code=400)
