"""Errors in the Engine's form: ``{"name": …, "message": …}``.

``malformed_request`` and ``route_not_found`` are recorded of the live Engine. The texts
for a wrong key, an unknown provider and an unknown authorization are not known; here they
say what to do.
"""

from __future__ import annotations

import re
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse

from ticktick_sandbox.arcade.strict_json import read_json


class EngineError(Exception):
    """An answer with an error body."""

    def __init__(self, status: int, name: str, message: str, **more: Any) -> None:
        super().__init__(message)
        self.status = status
        self.body = {"name": name, "message": message} | more

    @property
    def reason(self) -> str:
        """What is wrong, for a page: the message about the field if there is one."""
        first = (self.body.get("field_errors") or [self.body])[0]
        return f"{first['message']}."

    def response(self) -> JSONResponse:
        """Return the answer."""
        return JSONResponse(self.body, status_code=self.status)


def unauthorized() -> EngineError:
    """Return the answer to a missing or wrong API key."""
    return EngineError(
        401,
        "unauthorized",
        "missing or wrong API key. The sandbox's key is arc_sandbox: set ARCADE_API_KEY to it",
    )


def malformed(path: str, field: str, rule: str, message: str) -> EngineError:
    """Return the answer to a body whose ``field`` breaks ``rule``."""
    where = f"{path}.{field}" if path else field
    return EngineError(
        400,
        "malformed_request",
        f"failed to validate request body: {where}: {field} {rule}",
        field_errors=[{"field": where, "rule": rule, "message": message}],
    )


def required(path: str, field: str) -> EngineError:
    """Return the answer to a body without ``field``."""
    return malformed(path, field, "required", f"{field} is a required field")


async def no_route(request: Request, error: Exception) -> JSONResponse:
    """Answer an unknown path, or a known one with another method."""
    message = "requested route is not found or method is not allowed"
    return EngineError(404, "route_not_found", message).response()


async def engine_error(request: Request, error: Exception) -> JSONResponse:
    """Answer an ``EngineError`` that a route raised."""
    assert isinstance(error, EngineError)
    return error.response()


async def json_body(request: Request) -> dict[str, Any]:
    """Return the JSON object that was sent.

    Raises:
        EngineError: 415 for another content type, 400 for no JSON object, also for one that
            no answer could repeat.
    """
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type != "application/json":
        raise EngineError(
            415,
            "unsupported_media_type",
            f"Content-Type must be application/json, not {content_type or 'missing'}",
        )
    try:
        body = read_json(await request.body())
    except ValueError:
        raise EngineError(
            400, "malformed_request", "failed to parse request body as JSON"
        ) from None
    if not isinstance(body, dict):
        raise EngineError(400, "malformed_request", "the request body is not a JSON object")
    return body


def flag(request: Request, name: str) -> bool:
    """Return a query parameter that is true or false; without it, false.

    Raises:
        EngineError: 400 for anything else.
    """
    text = request.query_params.get(name) or "false"
    if text.lower() not in ("true", "false"):
        message = f"the query parameter {name} is true or false, not {text!r}"
        raise EngineError(400, "malformed_request", message)
    return text.lower() == "true"


def whole_number(request: Request, name: str, default: int) -> int:
    """Return a query parameter that is a whole number.

    Raises:
        EngineError: 400 for anything else.
    """
    text = request.query_params.get(name, str(default))
    if not re.fullmatch("[0-9]{1,9}", text):
        message = f"the query parameter {name} is a whole number, not {text!r}"
        raise EngineError(400, "malformed_request", message)
    return int(text)
