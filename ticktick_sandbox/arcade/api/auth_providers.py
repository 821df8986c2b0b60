"""``/v1/admin/auth_providers``: list, create, read, change and delete providers."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from ticktick_sandbox.arcade.api.body import Body
from ticktick_sandbox.arcade.api.errors import EngineError, get_or_404, malformed
from ticktick_sandbox.arcade.api.paging import paginate
from ticktick_sandbox.arcade.config import provider_bodies
from ticktick_sandbox.arcade.config.provider_bodies import ProviderExists, ProviderRefused
from ticktick_sandbox.arcade.engine.engine import Engine, engine_of
from ticktick_sandbox.arcade.oauth.provider import Provider
from ticktick_sandbox.arcade.timestamps import format_timestamp
from ticktick_sandbox.shared.types import Json


async def _list(request: Request) -> JSONResponse:
    engine = engine_of(request)
    return paginate(request, engine.providers.all(), lambda provider: _to_json(engine, provider))


async def _create(request: Request) -> JSONResponse:
    engine = engine_of(request)
    provider = provider_bodies.create(engine, (await Body.of(request)).sent)
    return JSONResponse(_to_json(engine, provider), status_code=201)


async def _get(request: Request) -> JSONResponse:
    engine = engine_of(request)
    return JSONResponse(_to_json(engine, _provider(request)))


async def _patch(request: Request) -> JSONResponse:
    engine = engine_of(request)
    body = (await Body.of(request)).sent
    changed = provider_bodies.change(engine, _provider(request), body)
    return JSONResponse(_to_json(engine, changed))


async def _delete(request: Request) -> JSONResponse:
    engine = engine_of(request)
    provider = _provider(request)
    shown = _to_json(engine, provider)
    engine.remove(provider)
    return JSONResponse(shown)


async def provider_refused(request: Request, error: Exception) -> JSONResponse:
    """Answer with what is wrong with the provider that was sent."""
    assert isinstance(error, ProviderRefused)
    if isinstance(error, ProviderExists):
        return EngineError(400, "bad_request", str(error)).response()
    path, _, field = error.field.rpartition(".")
    return malformed(path, field, error.rule, str(error)).response()


def _provider(request: Request) -> Provider:
    provider_id = request.path_params["id"]
    return get_or_404(engine_of(request).providers.get(provider_id), "auth provider", provider_id)


def _to_json(engine: Engine, provider: Provider) -> Json:
    """Return the provider as the API shows it: no secret, but its redirect URI."""
    shown = provider_bodies.to_body(provider)
    shown["binding"] = {"id": "sandbox", "type": provider.origin}
    shown["oauth2"]["client_secret"] = {
        "binding": provider.origin,
        "editable": True,
        "exists": bool(provider.client_secret),
    }
    shown["oauth2"]["redirect_uri"] = engine.authorizations.redirect_uri(provider)
    assert provider.created_at
    assert provider.updated_at
    times = {
        "created_at": format_timestamp(provider.created_at),
        "updated_at": format_timestamp(provider.updated_at),
    }
    return shown | times


routes = [
    Route("/v1/admin/auth_providers", _list, methods=["GET"]),
    Route("/v1/admin/auth_providers", _create, methods=["POST"]),
    Route("/v1/admin/auth_providers/{id}", _get, methods=["GET"]),
    Route("/v1/admin/auth_providers/{id}", _patch, methods=["PATCH"]),
    Route("/v1/admin/auth_providers/{id}", _delete, methods=["DELETE"]),
]
