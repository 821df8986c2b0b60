"""What answers for ticktick.com, api.ticktick.com and developer.ticktick.com."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.routing import Mount, Route

from ticktick_sandbox.shared.clock import Clock
from ticktick_sandbox.shared.event_log import Journal
from ticktick_sandbox.shared.ids import Ids
from ticktick_sandbox.shared.pages import stylesheet
from ticktick_sandbox.ticktick import authorization_endpoint, portal, sign_in, token_endpoint
from ticktick_sandbox.ticktick.open_api import OpenApi
from ticktick_sandbox.ticktick.service import FormRefused, TickTick, form_refused


def create_app(clock: Clock, ids: Ids, journal: Journal) -> Starlette:
    """Return the ASGI application; ``app.state.ticktick`` holds its state."""
    ticktick = TickTick(clock, ids, journal)
    app = Starlette(
        routes=[
            *authorization_endpoint.routes,
            *token_endpoint.routes,
            Mount("/open/v1", OpenApi(ticktick, ids)),
            *sign_in.routes,
            *portal.routes,
            Route("/_sandbox/style.css", stylesheet),
        ],
        exception_handlers={FormRefused: form_refused},
    )
    app.state.ticktick = ticktick
    return app
