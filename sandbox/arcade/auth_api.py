"""``/v1/auth``: start an authorization, ask for its status, confirm who the user is."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from sandbox.arcade.authorizations import (
    NotAwaitingVerification,
    UnknownAuthorization,
    UserMismatch,
)
from sandbox.arcade.engine import engine_of
from sandbox.arcade.errors import EngineError, json_body, malformed, required, whole_number
from sandbox.arcade.providers import UnknownProvider
from sandbox.arcade.reading import is_absolute


async def _authorize(request: Request) -> JSONResponse:
    engine = engine_of(request)
    body = await json_body(request)
    user_id = text_of(body, "user_id")
    requirement = body.get("auth_requirement")
    if requirement is None:
        raise required("", "auth_requirement")
    if not isinstance(requirement, dict):
        raise malformed("", "auth_requirement", "object", "auth_requirement must be an object")
    references = [requirement.get("id"), requirement.get("provider_id")]
    if not any(references):
        raise required("auth_requirement", "provider_id")
    if not all(reference is None or isinstance(reference, str) for reference in references):
        raise malformed("auth_requirement", "provider_id", "string", "provider_id must be a string")
    if requirement.get("provider_type", "oauth2") != "oauth2":
        raise malformed(
            "auth_requirement", "provider_type", "oneof", "provider_type must be oauth2"
        )
    try:
        provider = engine.providers.resolve(*references)
    except UnknownProvider as problem:
        raise EngineError(400, "bad_request", str(problem)) from None
    answer = await engine.authorizations.authorize(
        user_id, provider, _scopes(requirement), _next_uri(body)
    )
    return JSONResponse(answer)


async def _status(request: Request) -> JSONResponse:
    auth_id = request.query_params.get("id")
    if not auth_id:
        raise EngineError(400, "malformed_request", "the query parameter id is required")
    wait = whole_number(request, "wait", 0)
    try:
        return JSONResponse(await engine_of(request).authorizations.status(auth_id, wait))
    except UnknownAuthorization as problem:
        raise EngineError(400, "bad_request", str(problem)) from None


async def confirm_user(request: Request) -> JSONResponse:
    """Finish a flow for the user whom a verifier has identified.

    The live service has this at two hosts with two sets of keys; both are sent. After a
    mismatch the user has to consent anew.
    """
    engine = engine_of(request)
    body = await json_body(request)
    flow_id, user_id = text_of(body, "flow_id"), text_of(body, "user_id")
    try:
        if engine.verification.is_test(flow_id):
            auth_id = engine.verification.end_test(flow_id, user_id)
            next_uri = engine.authorizations.success_url
        else:
            flow = await engine.authorizations.confirm(flow_id, user_id)
            auth_id, next_uri = flow.auth_id, engine.authorizations.end_of(flow)
    except NotAwaitingVerification:
        message = "the flow is unknown, or its user is not back from the provider"
        raise EngineError(
            400, "bad_request", message, code=400, msg="Bad request", data=None
        ) from None
    except UserMismatch:
        engine.authorizations.not_returned(flow_id)
        raise EngineError(
            400,
            "user_mismatch",
            "the flow was started for another user_id",
            code=400,
            error="user_mismatch",
            msg="An error occurred during verification",
        ) from None
    return JSONResponse({"auth_id": auth_id, "next_uri": next_uri})


def text_of(body: dict[str, Any], field: str) -> str:
    """Return a text that has to be in the body.

    Raises:
        EngineError: 400 where it is missing, empty or no text.
    """
    value = body.get(field)
    if value is None or value == "":
        raise required("", field)
    if not isinstance(value, str):
        raise malformed("", field, "string", f"{field} must be a string")
    return value


def _scopes(requirement: dict[str, Any]) -> list[str]:
    oauth2 = requirement.get("oauth2")
    if oauth2 is None:
        return []
    if not isinstance(oauth2, dict):
        raise malformed("auth_requirement", "oauth2", "object", "oauth2 must be an object")
    scopes = oauth2.get("scopes")
    if scopes is None:
        return []
    if not isinstance(scopes, list) or not all(isinstance(scope, str) for scope in scopes):
        raise malformed(
            "auth_requirement.oauth2", "scopes", "array", "scopes must be a list of strings"
        )
    return list(dict.fromkeys(scopes))


def _next_uri(body: dict[str, Any]) -> str | None:
    value = body.get("next_uri")
    if value is None:
        return None
    if not isinstance(value, str) or not is_absolute(value):
        raise malformed("", "next_uri", "url", "next_uri must be a complete http or https URL")
    return value


routes = [
    Route("/v1/auth/authorize", _authorize, methods=["POST"]),
    Route("/v1/auth/status", _status, methods=["GET"]),
    Route("/v1/auth/confirm_user", confirm_user, methods=["POST"]),
]
