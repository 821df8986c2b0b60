"""Errors in the Engine's form: ``{"name": …, "message": …}``.

``malformed_request`` and ``route_not_found`` are recorded of the live Engine. The texts
for a wrong key, an unknown provider and an unknown authorization are not known; here they
say what to do.
"""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse

from ticktick_sandbox.shared.types import Json


class EngineError(Exception):
    """An answer with an error body."""

    def __init__(self, status: int, name: str, message: str, **more: Any) -> None:
        super().__init__(message)
        self.status = status
        self.body: Json = {"name": name, "message": message} | more

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
        "missing or wrong API key. The sandbox's key is arc_sandbox: set ARCADE_API_KEY to it. "
        "In a test, make the client in a function, not where a module is imported",
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


def get_or_404[T](found: T | None, what: str, name: str) -> T:
    """Return what was found.

    Raises:
        EngineError: 404, there is no ``what`` of this name.
    """
    if found is None:
        raise EngineError(404, "not_found", f"{what} {name!r} not found")
    return found
