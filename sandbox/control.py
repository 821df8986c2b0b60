"""The sandbox's own pages beside the imitated ones, all below ``/_sandbox``."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from sandbox.journal import Event
from sandbox.pages import render, stylesheet

if TYPE_CHECKING:
    from sandbox.front_door import Sandbox

HERE = Path(__file__).parent / "pages"


class WithControl:
    """Puts the sandbox's own pages in front of an application."""

    def __init__(self, app: ASGIApp, control: ASGIApp) -> None:
        self._app = app
        self._control = control

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        own = scope["path"] == "/" or scope["path"].startswith("/_sandbox")
        await (self._control if own else self._app)(scope, receive, send)


def create_app(running: Sandbox, open_tls: Callable[[], dict[str, Any]]) -> Starlette:
    """Return the application. ``open_tls`` starts the TLS entrance and describes it."""
    opening = asyncio.Lock()

    async def overview(request: Request) -> Response:
        return render(HERE, "overview.html", running=running, events=list(running.journal.events))

    async def state(request: Request) -> Response:
        urls = {"arcade": running.arcade_url, "ticktick": running.ticktick_url}
        return JSONResponse(urls | {"ready": running.ready})

    async def events(request: Request) -> Response:
        return JSONResponse([_shown(event) for event in running.journal.events])

    async def tls(request: Request) -> Response:
        async with opening:
            return JSONResponse(open_tls())

    return Starlette(
        routes=[
            Route("/", overview),
            Route("/_sandbox", overview),
            Route("/_sandbox/state", state),
            Route("/_sandbox/events", events),
            Route("/_sandbox/tls", tls),
            Route("/_sandbox/style.css", stylesheet),
        ]
    )


def _shown(event: Event) -> dict[str, Any]:
    return {
        "at": event.at.isoformat(),
        "service": event.service,
        "text": event.text,
        "problem": event.problem,
    }
