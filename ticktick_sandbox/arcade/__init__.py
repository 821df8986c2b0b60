"""What answers for api.arcade.dev, app.arcade.dev and cloud.arcade.dev."""

from __future__ import annotations

import hmac

from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from ticktick_sandbox.arcade import dashboard
from ticktick_sandbox.arcade.api import (
    auth,
    auth_providers,
    formatted_tools,
    not_imitated,
    scheduled_tools,
    secrets,
    session_verification,
    tools,
    user_connections,
    workers,
)
from ticktick_sandbox.arcade.api.errors import EngineError, engine_error, no_route, unauthorized
from ticktick_sandbox.arcade.api.project_paths import ProjectPaths
from ticktick_sandbox.arcade.config.provider_bodies import ProviderRefused
from ticktick_sandbox.arcade.engine.engine import Engine, engine_of
from ticktick_sandbox.arcade.pages import callback

_OPEN = ("/v1/health", "/v1/config")
_KEYED_PAGE = "/api/v1/oauth/confirm_user"


class RequireKey:
    """Refuses API requests without the key before anything else is looked at.

    The key comes raw, as the SDKs send it, or behind ``Bearer``, as curl examples do.
    """

    def __init__(self, app: ASGIApp, key: str) -> None:
        self._app = app
        self._key = key.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on or answer 401."""
        path = scope["path"]
        keyed = path.startswith("/v1/") and path not in _OPEN
        keyed = keyed or path.removesuffix("\n") == _KEYED_PAGE  # as the router takes it
        if keyed and not self._has_key(scope):
            refusal = unauthorized()
            if path == _KEYED_PAGE and scope["method"] == "POST":
                refusal.body = {"code": 401, "msg": "Unauthorized"}
            await refusal.response()(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _has_key(self, scope: Scope) -> bool:
        sent = Headers(scope=scope).get("authorization", "")
        if sent[:7].lower() == "bearer ":
            sent = sent[7:]
        return hmac.compare_digest(sent.strip().encode(), self._key)


async def _health(request: Request) -> JSONResponse:
    return JSONResponse({"healthy": True})


async def _config(request: Request) -> JSONResponse:
    base = engine_of(request).settings.base_url
    template = f"{base}/api/v1/oauth/{{external_id}}/callback"
    return JSONResponse({"oauth2": {"callback_url_template": template}})


def create_app(engine: Engine) -> Starlette:
    """Return the ASGI application of ``engine``."""
    app = Starlette(
        routes=[
            *auth.routes,
            *auth_providers.routes,
            *secrets.routes,
            *user_connections.routes,
            *callback.routes,
            *dashboard.routes,
            *session_verification.routes,
            *workers.routes,
            *tools.routes,
            *formatted_tools.routes,
            *scheduled_tools.routes,
            *not_imitated.routes,
            Route("/v1/health", _health, methods=["GET"]),
            Route("/v1/config", _config, methods=["GET"]),
        ],
        middleware=[
            Middleware(ProjectPaths),
            Middleware(RequireKey, key=engine.settings.api_key),
        ],
        exception_handlers={
            404: no_route,
            405: no_route,
            EngineError: engine_error,
            ProviderRefused: auth_providers.provider_refused,
            dashboard.PageError: dashboard.problem_page,
        },
    )
    app.router.redirect_slashes = False
    app.state.engine = engine
    return app
