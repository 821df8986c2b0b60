"""``/v1/auth``: start an authorization, ask for its status, confirm who the user is."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from ticktick_sandbox.arcade.api.body import Body
from ticktick_sandbox.arcade.api.errors import (
    EngineError,
    malformed,
    required,
)
from ticktick_sandbox.arcade.api.query import whole_number
from ticktick_sandbox.arcade.engine.authorizations import (
    NotAwaitingVerification,
    UnknownAuthorization,
    UserMismatch,
)
from ticktick_sandbox.arcade.engine.engine import engine_of
from ticktick_sandbox.arcade.engine.providers import UnknownProvider
from ticktick_sandbox.shared.types import Json

_CLOUD = "/api/v1/oauth/confirm_user"


async def _authorize(request: Request) -> JSONResponse:
    engine = engine_of(request)
    body = await Body.of(request)
    user_id = body.text("user_id")
    requirement = body.required_part("auth_requirement")
    references = [requirement.optional_text(name) for name in ("id", "provider_id")]
    if not any(references):
        raise required("auth_requirement", "provider_id")
    if requirement.sent.get("provider_type", "oauth2") != "oauth2":
        raise malformed(
            "auth_requirement", "provider_type", "oneof", "provider_type must be oauth2"
        )
    scopes = requirement.part("oauth2").items("scopes", str, "strings")
    next_uri = body.optional_url("next_uri")
    try:
        provider = engine.providers.resolve(*references)
    except UnknownProvider as problem:
        raise EngineError(400, "bad_request", str(problem)) from None
    return JSONResponse(
        await engine.authorizations.authorize(
            user_id, provider, list(dict.fromkeys(scopes)), next_uri
        )
    )


async def _status(request: Request) -> JSONResponse:
    auth_id = request.query_params.get("id")
    if not auth_id:
        raise EngineError(400, "malformed_request", "the query parameter id is required")
    wait = whole_number(request, "wait", 0)
    try:
        return JSONResponse(await engine_of(request).authorizations.status(auth_id, wait))
    except UnknownAuthorization as problem:
        raise EngineError(400, "bad_request", str(problem)) from None


async def _confirm_user(request: Request) -> JSONResponse:
    """Finish a flow for the user whom a verifier has identified.

    The live service has this at two hosts. The cloud's answers errors with keys of its own,
    which are known; what the Engine's answers is not, so it has both sets here. After a
    mismatch the user has to consent anew.
    """
    engine = engine_of(request)
    body = await Body.of(request)
    flow_id, user_id = body.text("flow_id"), body.text("user_id")
    try:
        if engine.verification.is_test(flow_id):
            auth_id = engine.verification.end_test(flow_id, user_id)
            next_uri = engine.authorizations.success_url
        else:
            flow = await engine.authorizations.confirm(flow_id, user_id)
            auth_id, next_uri = flow.auth_id, engine.authorizations.end_of(flow)
    except NotAwaitingVerification:
        message = "the flow is unknown, or its user is not back from the provider"
        known = {"code": 400, "msg": "Bad request", "data": None}
        raise _not_confirmed(request, "bad_request", message, known) from None
    except UserMismatch:
        engine.authorizations.not_returned(flow_id)
        message = "the flow was started for another user_id"
        known = {
            "code": 400,
            "error": "user_mismatch",
            "msg": "An error occurred during verification",
        }
        raise _not_confirmed(request, "user_mismatch", message, known) from None
    return JSONResponse({"auth_id": auth_id, "next_uri": next_uri})


def _not_confirmed(request: Request, name: str, message: str, known: Json) -> EngineError:
    """Return the answer with the keys of the host that was asked."""
    error = EngineError(400, name, message, **known)
    if request.url.path.startswith(_CLOUD):
        error.body = known
    return error


routes = [
    Route("/v1/auth/authorize", _authorize, methods=["POST"]),
    Route("/v1/auth/status", _status, methods=["GET"]),
    Route("/v1/auth/confirm_user", _confirm_user, methods=["POST"]),
    Route(_CLOUD, _confirm_user, methods=["POST"]),
]
