"""The sandbox's own pages beside the imitated ones: ``/``, and all below ``/_sandbox``."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from markupsafe import Markup
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from ticktick_sandbox.recording.diagram import to_html
from ticktick_sandbox.recording.exchange import Exchange
from ticktick_sandbox.recording.recorder import ASKER
from ticktick_sandbox.server import control_api
from ticktick_sandbox.server.current_services import CurrentServices
from ticktick_sandbox.shared.event_log import Event
from ticktick_sandbox.shared.pages import form_of, is_own_form, render, stylesheet
from ticktick_sandbox.shared.settings import API_KEY

HERE = Path(__file__).parent / "templates"

_PICTURE = '<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>'
_SHOWN_EVENTS = 20
_SHOWN_EXCHANGES = 100
_SCRIPT = "wire.js"
_DIGITS = 10  # of the number of an exchange


class WithControl:
    """Puts the sandbox's own pages in front of an application."""

    def __init__(self, app: ASGIApp, control: ASGIApp) -> None:
        self._app = app
        self._control = control

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        own = scope["path"] == "/" or scope["path"].startswith("/_sandbox")
        await (self._control if own else self._app)(scope, receive, send)


def create_app(
    service: str,
    running: CurrentServices,
    open_tls: Callable[[str | None], dict[str, Any]],
    run_id: str,
    control_key: str,
) -> Starlette:
    """Return the application for the server of one service.

    Args:
        service: ``arcade`` or ``ticktick``, for the look of the start page.
        running: what the pages tell of, and what starts over.
        open_tls: starts the TLS entrance for who asks, and describes it.
        run_id: which start of the sandbox this is.
        control_key: what programs need that steer the sandbox.
    """

    def start_page(*, status: int = 200, **values: object) -> Response:
        shown = {"error": None, "done": False} | values
        return render(
            HERE,
            "start.html",
            status=status,
            service=service,
            running=running,
            api_key=API_KEY,
            emails={account.user_id: account.email for account in running.ticktick.accounts.all()},
            events=list(running.event_log.events)[: -_SHOWN_EVENTS - 1 : -1],
            **shown,
        )

    async def start(request: Request) -> Response:
        return start_page(done="started-over" in request.query_params)

    async def start_over(request: Request) -> Response:
        form = await form_of(request)
        async with running.starting_over:
            if not is_own_form(request, form.get("form_token", ""), running.services.form_token):
                return render(HERE, "form_refused.html", status=403, service=service)
            try:
                await asyncio.to_thread(running.start_over)
            except ValueError as problem:
                return start_page(status=409, error=str(problem))
        return RedirectResponse("/?started-over", status_code=303)

    async def frame(request: Request) -> Response:
        """Lead a frame of a notebook to its page, unless it was made in an earlier run."""
        place = request.query_params.get("to", "")
        own = place.startswith("/") and not place.startswith(("//", "/\\"))
        if request.query_params.get("run") != run_id or not own:
            return render(HERE, "earlier_run.html", status=410, service=service)
        return RedirectResponse(place, status_code=303)

    async def alive(request: Request) -> Response:
        """Show a picture as long as the run lasts that a notebook's page belongs to."""
        if request.query_params.get("run") != run_id:
            return Response(status_code=410)
        return Response(_PICTURE, media_type="image/svg+xml")

    async def go_on(request: Request) -> Response:
        token = running.services.form_token
        if request.method == "POST":
            form = await form_of(request)
            if not is_own_form(request, form.get("form_token", ""), token):
                return render(HERE, "form_refused.html", status=403, service=service)
            return RedirectResponse(f"{request.url.path}?done", status_code=303)
        done = "done" in request.query_params
        return render(HERE, "go_on.html", status=200, service=service, form_token=token, done=done)

    def looked_at(request: Request) -> tuple[list[Exchange], str]:
        """Return the newest exchanges after the one named, and what names how far they go."""
        after = request.query_params.get("after", "")
        number = int(after) if after.isdecimal() and len(after) < _DIGITS else 0
        record = running.wire
        return record.since(number), f"{id(record):x}-{record.version}"

    async def wire(request: Request) -> Response:
        """Show what goes over the wire, as it does."""
        found, seen = looked_at(request)
        shown = found[-_SHOWN_EXCHANGES:]
        script = (HERE / _SCRIPT).read_text(encoding="utf-8")
        page = render(
            HERE,
            "wire.html",
            status=200,
            service=service,
            diagram=Markup(to_html(shown) if shown else ""),  # noqa: S704 -- it escapes
            seen=seen,
            count=len(shown),
            last=shown[-1].number if shown else 0,
            script=Markup(script),  # noqa: S704 -- ours
        )
        digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        policy = page.headers["Content-Security-Policy"]
        policy = policy.replace("style-src 'self'", "style-src 'self' 'unsafe-inline'")
        page.headers["Content-Security-Policy"] = (
            f"{policy}; script-src 'sha256-{digest}'; connect-src 'self'"
        )
        return page

    async def wire_rows(request: Request) -> Response:
        """Return the diagram if it goes further than what was seen."""
        found, seen = looked_at(request)
        if request.query_params.get("seen") == seen:
            return Response(status_code=204)
        shown = found[-_SHOWN_EXCHANGES:]
        return HTMLResponse(
            to_html(shown) if shown else "",
            headers={"X-Seen": seen, "X-Content-Type-Options": "nosniff"},
        )

    async def exchanges(request: Request) -> Response:
        return JSONResponse([each.to_json() for each in looked_at(request)[0]])

    async def state(request: Request) -> Response:
        return JSONResponse({"arcade": running.arcade_url, "ticktick": running.ticktick_url})

    async def events(request: Request) -> Response:
        return JSONResponse([_to_json(event) for event in running.event_log.events])

    async def tls(request: Request) -> Response:
        return JSONResponse(open_tls(request.scope.get(ASKER)))

    return Starlette(
        routes=[
            Route("/", start),
            Route("/_sandbox", start),
            Route("/_sandbox/start-over", start_over, methods=["POST"]),
            Route("/_sandbox/frame", frame),
            Route("/_sandbox/alive.svg", alive),
            Route("/_sandbox/go-on", go_on, methods=["GET", "POST"]),
            Route("/_sandbox/state", state),
            Route("/_sandbox/events", control_api.asked_with((), events)),
            Route("/_sandbox/wire", wire),
            Route("/_sandbox/wire-rows", wire_rows),
            Route("/_sandbox/exchanges", control_api.asked_with(("after",), exchanges)),
            Route("/_sandbox/tls", tls),
            Route("/_sandbox/style.css", stylesheet),
            *control_api.routes(running, control_key),
        ],
        exception_handlers={404: control_api.no_such_address, 405: control_api.no_such_address},
    )


def _to_json(event: Event) -> dict[str, Any]:
    return {
        "at": event.at.isoformat(),
        "service": event.service,
        "text": event.text,
        "problem": event.problem,
    }
