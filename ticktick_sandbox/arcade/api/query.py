"""The query of a request: each parameter is read as what it has to be."""

from __future__ import annotations

import re

from starlette.requests import Request

from ticktick_sandbox.arcade.api.errors import EngineError


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
