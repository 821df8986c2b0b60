"""``/v1/admin/secrets``: list, store and delete what tools may ask for."""

from __future__ import annotations

import re
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ticktick_sandbox.arcade.api.body import Body
from ticktick_sandbox.arcade.api.errors import EngineError
from ticktick_sandbox.arcade.api.paging import paginate
from ticktick_sandbox.arcade.engine.engine import Engine, engine_of
from ticktick_sandbox.arcade.engine.tool_secrets import Secret
from ticktick_sandbox.arcade.timestamps import format_timestamp

_KEY = re.compile(r"[A-Za-z0-9_.-]{1,100}")
_LONGEST_VALUE = 5000  # characters, from the published API description


async def _list(request: Request) -> JSONResponse:
    return paginate(request, engine_of(request).secrets.all(), _to_json)


async def _upsert(request: Request) -> JSONResponse:
    body = await Body.of(request)
    return JSONResponse(_to_json(upsert(engine_of(request), request.path_params["key"], body)))


def upsert(engine: Engine, key: str, body: Body) -> Secret:
    """Add the secret that ``body`` describes, or replace the one under this key.

    Raises:
        EngineError: 400 for a key or a body that can't be used; nothing has changed.
    """
    if not _KEY.fullmatch(key):
        message = "a key has up to 100 letters, digits, underscores, hyphens and dots"
        raise EngineError(400, "malformed_request", message)
    value = body.text("value", longest=_LONGEST_VALUE)
    description = body.optional_text("description")
    return engine.secrets.put(key, value, description)


async def _delete(request: Request) -> Response:
    secret_id = request.path_params["id"]
    try:
        engine_of(request).secrets.remove(secret_id)
    except KeyError:
        message = f"secret {secret_id!r} not found: secrets are deleted by id, not by key"
        raise EngineError(404, "not_found", message) from None
    return Response(status_code=204)


def _to_json(secret: Secret) -> dict[str, Any]:
    """Return a secret as the API shows it: all but its value.

    What was never accessed says so with ``null``: the ``arcade`` command looks for the field.
    """
    return {
        "id": secret.id,
        "key": secret.key,
        "description": secret.description,
        "hint": secret.hint,
        "binding": {"id": "sandbox", "type": "project"},
        "created_at": format_timestamp(secret.created_at),
        "updated_at": format_timestamp(secret.updated_at),
        "last_accessed_at": format_timestamp(secret.last_accessed_at)
        if secret.last_accessed_at
        else None,
    }


# The description and the JavaScript client store by POST; live that answered 404, and the
# ``arcade`` command uses PUT.
routes = [
    Route("/v1/admin/secrets", _list, methods=["GET"]),
    Route("/v1/admin/secrets/{key}", _upsert, methods=["PUT", "POST"]),
    Route("/v1/admin/secrets/{id}", _delete, methods=["DELETE"]),
]
