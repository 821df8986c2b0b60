"""``/v1/admin/user_connections``: what users have granted, listed and revoked."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ticktick_sandbox.arcade.api.errors import EngineError
from ticktick_sandbox.arcade.api.paging import paginate
from ticktick_sandbox.arcade.engine.authorizations import UnknownAuthorization
from ticktick_sandbox.arcade.engine.connections import Connection
from ticktick_sandbox.arcade.engine.engine import Engine, engine_of


async def _list(request: Request) -> JSONResponse:
    engine = engine_of(request)
    providers, users = _wanted(request, "provider"), _wanted(request, "user")
    found = [
        connection
        for connection in engine.authorizations.connections.all()
        if providers <= {connection.provider.id} and users <= {connection.user_id}
    ]
    return paginate(request, found, lambda connection: _to_json(engine, connection))


async def _delete(request: Request) -> Response:
    connection_id = request.path_params["id"]
    try:
        engine_of(request).authorizations.revoke(connection_id)
    except UnknownAuthorization:
        message = f"user connection {connection_id!r} not found"
        raise EngineError(404, "not_found", message) from None
    return Response(status_code=204)


def _wanted(request: Request, name: str) -> set[str]:
    """Return the ids asked for: arcadepy sends ``user[id]``, the description has ``user_id``."""
    sent = request.query_params
    return {sent[key] for key in (f"{name}[id]", f"{name}_id") if sent.get(key)}


def _to_json(engine: Engine, connection: Connection) -> dict[str, Any]:
    """Return a connection as the API shows it: no token.

    The description does not say what tells ``id`` and ``connection_id`` apart, nor which
    statuses there are.
    """
    ended = engine.authorizations.connections.ended(connection)
    provider = engine.providers.current(connection.provider)
    return {
        "id": connection.id,
        "connection_id": connection.id,
        "connection_status": "expired" if ended else "active",
        "provider_id": provider.id,
        "provider_description": provider.description,
        "provider_type": "oauth2",
        "provider_user_info": connection.user_info,
        "scopes": connection.scopes,
        "user_id": connection.user_id,
    }


routes = [
    Route("/v1/admin/user_connections", _list, methods=["GET"]),
    Route("/v1/admin/user_connections/{id}", _delete, methods=["DELETE"]),
]
