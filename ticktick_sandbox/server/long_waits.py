"""Says what a program waits for, when it waits for a consent that nobody gives."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from urllib.parse import parse_qs

from starlette.types import ASGIApp, Receive, Scope, Send

from ticktick_sandbox.arcade.engine.authorizations import UnknownAuthorization
from ticktick_sandbox.server.current_services import CurrentServices

AFTER = 10.0  # seconds
_PAUSE = 3.0  # seconds between two polls after which it is another wait
_STATUS = re.compile(r"/v1/auth/status/?")
_TOLD_AT_MOST = 100  # authorizations


class LongWaits:
    """Passes requests on to the Engine; tells once of each poll that lasts, and where to consent.

    Args:
        app: the Engine's application.
        running: what answers now.
        tell: is called on the servers' loop, with a sentence.
    """

    def __init__(self, app: ASGIApp, running: CurrentServices, tell: Callable[[str], None]) -> None:
        self._app = app
        self._running = running
        self._tell = tell
        self._told: dict[str, float] = {}  # when each was last asked for, on the loop's clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["method"] != "GET" or not _STATUS.fullmatch(scope["path"]):
            await self._app(scope, receive, send)
            return
        query = parse_qs(scope["query_string"].decode("latin-1"))
        auth_id = query.get("id", [""])[0]
        now = asyncio.get_running_loop().time()
        if now - self._told.get(auth_id, now) > _PAUSE:
            del self._told[auth_id]  # somebody waits anew
        telling = asyncio.create_task(self._tell_later(auth_id))
        try:
            await self._app(scope, receive, send)
        finally:
            telling.cancel()
            if auth_id in self._told:
                self._told[auth_id] = asyncio.get_running_loop().time()

    async def _tell_later(self, auth_id: str) -> None:
        await asyncio.sleep(AFTER)
        if auth_id in self._told or len(self._told) >= _TOLD_AT_MOST:
            return
        try:
            found = await self._running.engine.authorizations.status(auth_id)
        except UnknownAuthorization:
            return
        if url := found.get("url"):
            self._told[auth_id] = asyncio.get_running_loop().time()
            self._tell(f"Still waiting for the user's consent. Open {url} and click Allow.")
