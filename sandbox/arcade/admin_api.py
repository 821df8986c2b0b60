"""``/v1/admin/auth_providers``: list, create, read, change and delete providers."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from sandbox.arcade.engine import Engine, engine_of
from sandbox.arcade.errors import EngineError, json_body, malformed, required, whole_number
from sandbox.arcade.findings import ERROR
from sandbox.arcade.providers import OAuthRequest, Provider
from sandbox.arcade.reading import Reader

Json = dict[str, Any]

_PAGE = 25
_LARGEST_PAGE = 100
_EXTERNAL_ID = re.compile(r"[A-Za-z0-9_-]{1,100}")


async def _list(request: Request) -> JSONResponse:
    engine = engine_of(request)
    limit = min(whole_number(request, "limit", _PAGE), _LARGEST_PAGE) or _PAGE
    offset = whole_number(request, "offset", 0)
    providers = engine.providers.all()
    return JSONResponse(
        {
            "items": [_shown(engine, p) for p in providers[offset : offset + limit]],
            "limit": limit,
            "offset": offset,
            "page_count": -(-len(providers) // limit),
            "total_count": len(providers),
        }
    )


async def _create(request: Request) -> JSONResponse:
    engine = engine_of(request)
    body = await json_body(request)
    provider = replace(_read(engine, body), external_id=_external_id(body))
    if engine.providers.get(provider.id):
        raise EngineError(400, "bad_request", f"an auth provider with the id {provider.id} exists")
    if engine.providers.by_external_id(provider.external_id):
        message = f"an auth provider with the external_id {provider.external_id} exists"
        raise EngineError(400, "bad_request", message)
    provider = engine.add(provider)
    return JSONResponse(_shown(engine, provider), status_code=201)


async def _get(request: Request) -> JSONResponse:
    engine = engine_of(request)
    return JSONResponse(_shown(engine, _known(engine, request)))


async def _patch(request: Request) -> JSONResponse:
    engine = engine_of(request)
    provider = _known(engine, request)
    body = await json_body(request)
    if body.get("id") not in (None, provider.id):
        raise malformed("", "id", "immutable", "the id of an auth provider can't be changed")
    read = _read(engine, _merged(_as_sent(provider), body))
    changed = engine.change(
        replace(
            read,
            external_id=provider.external_id,
            origin=provider.origin,
            created_at=provider.created_at,
        )
    )
    return JSONResponse(_shown(engine, changed))


async def _delete(request: Request) -> JSONResponse:
    engine = engine_of(request)
    provider = _known(engine, request)
    shown = _shown(engine, provider)
    engine.remove(provider)
    return JSONResponse(shown)


def _known(engine: Engine, request: Request) -> Provider:
    provider = engine.providers.get(request.path_params["id"])
    if provider is None:
        raise EngineError(
            404, "not_found", f"auth provider {request.path_params['id']!r} not found"
        )
    return provider


def _external_id(body: Json) -> str:
    value = body.get("external_id")
    if value in (None, ""):
        return ""
    if not isinstance(value, str) or not _EXTERNAL_ID.fullmatch(value):
        raise malformed(
            "",
            "external_id",
            "invalid",
            "external_id has up to 100 letters, digits, underscores and hyphens",
        )
    return value


def _read(engine: Engine, body: Json) -> Provider:
    """Return the provider that a request body describes.

    Raises:
        EngineError: 400 with the first thing that is wrong, in the Engine's form.
    """
    if not body.get("id"):
        raise required("", "id")
    status = body.get("status") or "active"
    if status not in ("active", "inactive"):
        raise malformed("", "status", "oneof", "status is active or inactive")
    oauth2 = body.get("oauth2")
    if isinstance(oauth2, dict) and not oauth2.get("client_id"):
        raise required("oauth2", "client_id")
    if isinstance(oauth2, dict) and oauth2.get("scope_delimiter", " ") not in (",", " "):
        raise malformed(
            "oauth2", "scope_delimiter", "oneof", "scope_delimiter is a comma or a blank"
        )
    reader = Reader("")
    provider = reader.provider(
        {
            "id": body["id"],
            "type": body.get("type", "oauth2"),
            "description": body.get("description"),
            "provider_id": body.get("provider_id"),
            "enabled": status == "active",
            "client_id": oauth2.get("client_id") if isinstance(oauth2, dict) else "-",
            "client_secret": oauth2.get("client_secret") if isinstance(oauth2, dict) else None,
            "oauth2": oauth2,
        }
    )
    for finding in reader.findings:
        if (engine.settings.strict and finding.slip) or (
            finding.severity == ERROR and not finding.slip
        ):
            path, _, field = finding.where.rpartition(".")
            raise malformed(path, field, "invalid", f"{finding.text}. {finding.fix}")
    engine.warn(reader.findings)
    assert provider
    return provider


def _merged(old: Json, new: Json) -> Json:
    """Return ``old`` with ``new`` laid over it; ``params`` and maps are replaced whole."""
    merged = dict(old)
    for key, value in new.items():
        inside = isinstance(value, dict) and isinstance(old.get(key), dict)
        whole = key in ("params", "response_map")
        merged[key] = _merged(old[key], value) if inside and not whole else value
    return merged


def _request(request: OAuthRequest) -> Json:
    """Return a request's settings; what is not set is left out."""
    shown = {
        "endpoint": request.endpoint,
        "method": request.method,
        "auth_method": request.auth_method,
        "params": dict(request.params),
        "request_content_type": request.request_content_type,
        "response_content_type": request.response_content_type,
        "response_map": dict(request.response_map),
        "triggers": dict(request.triggers),
    }
    return {key: value for key, value in shown.items() if value not in ("", {})}


def _as_sent(provider: Provider) -> Json:
    requests = {
        "authorize_request": provider.authorize_request,
        "token_request": provider.token_request,
        **provider.requests,
    }
    return {
        "id": provider.id,
        "type": "oauth2",
        "description": provider.description,
        "provider_id": provider.provider_id,
        "status": "active" if provider.enabled else "inactive",
        "oauth2": {
            "client_id": provider.client_id,
            "client_secret": provider.client_secret,
            "scope_delimiter": provider.scope_delimiter,
            "pkce": {"enabled": provider.pkce, "code_challenge_method": "S256"},
            **{kind: _request(request) for kind, request in requests.items()},
        },
    }


def _shown(engine: Engine, provider: Provider) -> Json:
    """Return the provider as the API shows it: no secret, but its redirect URI."""
    shown = _as_sent(provider)
    shown["binding"] = {"id": "sandbox", "type": provider.origin}
    shown["oauth2"]["client_secret"] = {
        "binding": provider.origin,
        "editable": True,
        "exists": bool(provider.client_secret),
    }
    shown["oauth2"]["redirect_uri"] = engine.authorizations.redirect_uri(provider)
    for name in ("created_at", "updated_at"):
        moment = getattr(provider, name)
        shown[name] = f"{moment:%Y-%m-%dT%H:%M:%SZ}"
    return shown


routes = [
    Route("/v1/admin/auth_providers", _list, methods=["GET"]),
    Route("/v1/admin/auth_providers", _create, methods=["POST"]),
    Route("/v1/admin/auth_providers/{id}", _get, methods=["GET"]),
    Route("/v1/admin/auth_providers/{id}", _patch, methods=["PATCH"]),
    Route("/v1/admin/auth_providers/{id}", _delete, methods=["DELETE"]),
]
