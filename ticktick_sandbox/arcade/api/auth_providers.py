"""``/v1/admin/auth_providers``: list, create, read, change and delete providers."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from ticktick_sandbox.arcade.api.errors import EngineError, json_body, malformed
from ticktick_sandbox.arcade.api.paging import page
from ticktick_sandbox.arcade.config import provider_bodies
from ticktick_sandbox.arcade.config.provider_bodies import Json, ProviderExists, ProviderRefused
from ticktick_sandbox.arcade.engine.engine import Engine, engine_of
from ticktick_sandbox.arcade.engine.providers import Provider
from ticktick_sandbox.arcade.timestamps import stamp


async def _list(request: Request) -> JSONResponse:
    engine = engine_of(request)
    return page(request, engine.providers.all(), lambda provider: _shown(engine, provider))


async def _create(request: Request) -> JSONResponse:
    engine = engine_of(request)
    provider = provider_bodies.create(engine, await json_body(request))
    return JSONResponse(_shown(engine, provider), status_code=201)


async def _get(request: Request) -> JSONResponse:
    engine = engine_of(request)
    return JSONResponse(_shown(engine, _known(engine, request)))


async def _patch(request: Request) -> JSONResponse:
    engine = engine_of(request)
    body = await json_body(request)
    changed = provider_bodies.change(engine, _known(engine, request), body)
    return JSONResponse(_shown(engine, changed))


async def _delete(request: Request) -> JSONResponse:
    engine = engine_of(request)
    provider = _known(engine, request)
    shown = _shown(engine, provider)
    engine.remove(provider)
    return JSONResponse(shown)


async def provider_refused(request: Request, error: Exception) -> JSONResponse:
    """Answer with what is wrong with the provider that was sent."""
    assert isinstance(error, ProviderRefused)
    if isinstance(error, ProviderExists):
        return EngineError(400, "bad_request", str(error)).response()
    path, _, field = error.field.rpartition(".")
    return malformed(path, field, error.rule, str(error)).response()


def _known(engine: Engine, request: Request) -> Provider:
    provider = engine.providers.get(request.path_params["id"])
    if provider is None:
        raise EngineError(
            404, "not_found", f"auth provider {request.path_params['id']!r} not found"
        )
    return provider


def _shown(engine: Engine, provider: Provider) -> Json:
    """Return the provider as the API shows it: no secret, but its redirect URI."""
    shown = provider_bodies.as_sent(provider)
    shown["binding"] = {"id": "sandbox", "type": provider.origin}
    shown["oauth2"]["client_secret"] = {
        "binding": provider.origin,
        "editable": True,
        "exists": bool(provider.client_secret),
    }
    shown["oauth2"]["redirect_uri"] = engine.authorizations.redirect_uri(provider)
    assert provider.created_at
    assert provider.updated_at
    times = {"created_at": stamp(provider.created_at), "updated_at": stamp(provider.updated_at)}
    return shown | times


routes = [
    Route("/v1/admin/auth_providers", _list, methods=["GET"]),
    Route("/v1/admin/auth_providers", _create, methods=["POST"]),
    Route("/v1/admin/auth_providers/{id}", _get, methods=["GET"]),
    Route("/v1/admin/auth_providers/{id}", _patch, methods=["PATCH"]),
    Route("/v1/admin/auth_providers/{id}", _delete, methods=["DELETE"]),
]
