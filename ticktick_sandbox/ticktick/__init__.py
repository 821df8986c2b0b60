"""What answers for ticktick.com, api.ticktick.com and developer.ticktick.com."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.routing import Mount, Route

from ticktick_sandbox.shared.context import Context
from ticktick_sandbox.shared.pages import stylesheet
from ticktick_sandbox.ticktick import (
    authorization_endpoint,
    portal,
    sign_in,
    token_endpoint,
    web_app,
)
from ticktick_sandbox.ticktick.open_api import OpenApi
from ticktick_sandbox.ticktick.service import (
    FormRefused,
    NotSignedIn,
    TickTick,
    form_refused,
    to_sign_in,
)


def create_app(context: Context) -> Starlette:
    """Return the ASGI application; ``app.state.ticktick`` holds its state."""
    ticktick = TickTick(context)
    app = Starlette(
        routes=[
            *authorization_endpoint.routes,
            *token_endpoint.routes,
            Mount("/open/v1", OpenApi(ticktick, context.ids)),
            *sign_in.routes,
            *portal.routes,
            *web_app.routes,
            Route("/_sandbox/style.css", stylesheet),
        ],
        exception_handlers={
            FormRefused: form_refused,
            NotSignedIn: to_sign_in,
            authorization_endpoint.DirectError: authorization_endpoint.direct_error,
            authorization_endpoint.RedirectError: authorization_endpoint.redirect_error,
            portal.NoSuchApp: portal.no_such_app,
        },
    )
    app.state.ticktick = ticktick
    return app
