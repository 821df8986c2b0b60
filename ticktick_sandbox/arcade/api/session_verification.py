"""``/v1/admin/settings/session_verification``, and the test of a custom verifier."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from ticktick_sandbox.arcade.api.body import Body
from ticktick_sandbox.arcade.api.errors import EngineError, malformed
from ticktick_sandbox.arcade.engine.engine import engine_of
from ticktick_sandbox.arcade.engine.verification import (
    SkippingNotAllowed,
    Verification,
    VerifierRefused,
)


async def _get(request: Request) -> JSONResponse:
    return JSONResponse(_to_json(engine_of(request).verification))


async def _put(request: Request) -> JSONResponse:
    verification = engine_of(request).verification
    body = await Body.of(request)
    skip = body.flag("unsafe_skip_verification")
    url = body.optional_text("verifier_url")
    try:
        verification.change(url or None, skip=skip)
    except VerifierRefused as problem:
        raise malformed("", "verifier_url", "url", str(problem)) from None
    except SkippingNotAllowed:
        message = "this Engine does not allow to skip the verification of users"
        raise EngineError(403, "forbidden", message) from None
    return JSONResponse(_to_json(verification))


async def _validate(request: Request) -> JSONResponse:
    body = await Body.of(request)
    user_id, verifier_url = body.text("user_id"), body.text("verifier_url")
    try:
        flow_id, next_uri = engine_of(request).verification.start_test(user_id, verifier_url)
    except VerifierRefused as problem:
        raise malformed("", "verifier_url", "url", str(problem)) from None
    return JSONResponse({"flow_id": flow_id, "next_uri": next_uri})


def _to_json(verification: Verification) -> dict[str, Any]:
    """Return the settings; the description says in words that a URL may be ``null``."""
    return {
        "verifier_url": verification.verifier_url,
        "unsafe_skip_verification": verification.skip,
        "unsafe_skip_verification_choice_allowed": verification.may_skip,
    }


routes = [
    Route("/v1/admin/settings/session_verification", _get, methods=["GET"]),
    Route("/v1/admin/settings/session_verification", _put, methods=["PUT"]),
    Route("/v1/auth/validate_custom_verifier", _validate, methods=["POST"]),
]
