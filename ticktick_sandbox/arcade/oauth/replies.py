"""What a provider answers: tokens, user info, errors."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from ticktick_sandbox.arcade.oauth.provider import FORM, JSON, OAuthRequest
from ticktick_sandbox.arcade.oauth.response_map import NotMapped, apply

if TYPE_CHECKING:
    import httpx

_LONGEST_LIFE = 100 * 365 * 86400  # seconds; what a clock can still count


class RequestFailed(Exception):
    """An endpoint did not answer with what it was asked for; the text says why."""


class RequestRefused(RequestFailed):
    """An endpoint answered with an error of the 4xx kind: asking again would not help.

    408 and 429, which ask for patience, are not among them.
    """


@dataclass(frozen=True)
class TokenReply:
    """What a token endpoint granted.

    ``expires_in`` is in seconds. What the reply does not tell is ``None``; for ``scopes``
    that means: as asked (RFC 6749, section 5.1).
    """

    access_token: str = field(repr=False)
    expires_in: int | None
    refresh_token: str | None = field(repr=False)
    scopes: list[str] | None


def token_reply(
    reply: httpx.Response, request: OAuthRequest, *, delimiter: str, strict: bool
) -> TokenReply:
    """Read the reply to a token or refresh request.

    Scopes come as one text with the provider's ``delimiter``. Arcade's reference says that
    a list needs ``join()``, so here a list without it fails.

    Raises:
        RequestFailed: it is an error, or there is no token in it.
    """
    body = _content(reply, request, strict=strict, json_only=bool(request.response_map))
    body = body if isinstance(body, dict) else {}
    token = _text(body, "access_token")
    if token is None:
        mapped = request.response_map.get("access_token")
        raise RequestFailed(
            f"{request.endpoint} answered {reply.status_code} without an access_token"
            f"{f' at {mapped}' if mapped else ''} ({_type_of(reply) or 'no content type'})"
        )
    if isinstance(body.get("scope"), list):
        raise RequestFailed(
            f"{request.endpoint} answered with a list of scopes, which takes join() in response_map"
        )
    try:
        expires_in = min(max(int(body["expires_in"]), 0), _LONGEST_LIFE)
    except (KeyError, TypeError, ValueError, OverflowError):
        expires_in = None
    scope = _text(body, "scope")
    scopes = [part for part in (scope or "").split(delimiter or None) if part]
    return TokenReply(token, expires_in, _text(body, "refresh_token"), scopes or None)


def user_info(reply: httpx.Response, request: OAuthRequest, *, strict: bool) -> dict[str, Any]:
    """Read the reply to a user-info request: what the map finds, or all of it.

    Raises:
        RequestFailed: it is an error, or no JSON object that can be passed on.
    """
    body = _content(reply, request, strict=strict, json_only=True)
    try:
        json.dumps(body, allow_nan=False, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        raise RequestFailed(
            f"{request.endpoint} answered {reply.status_code} without a JSON object "
            f"({_type_of(reply) or 'no content type'})"
        )
    return body


def _content(reply: httpx.Response, request: OAuthRequest, *, strict: bool, json_only: bool) -> Any:
    """Return what the reply holds, by its real type; ``None`` where that is nothing."""
    real_type = _type_of(reply)
    if reply.status_code >= 400:
        passing = reply.status_code >= 500 or reply.status_code in (408, 429)
        kind = RequestFailed if passing else RequestRefused
        raise kind(
            f"{request.endpoint} answered {reply.status_code} ({real_type or 'no content type'}): "
            f"{_error_of(reply, real_type)}"
        )
    if strict and real_type != request.response_content_type:
        raise RequestFailed(
            f"{request.endpoint} answered {real_type or 'without a content type'}, but "
            f"response_content_type says {request.response_content_type}"
        )
    if json_only and real_type == FORM:
        what = "response_map" if request.response_map else "user info"
        raise RequestFailed(f"{request.endpoint} answered {FORM}, but {what} takes JSON")
    body = _body(reply, real_type)
    if not request.response_map:
        return body
    try:
        return apply(request.response_map, body)
    except NotMapped as problem:
        raise RequestFailed(
            f"{request.endpoint} answered {reply.status_code} "
            f"({real_type or 'no content type'}), but {problem}"
        ) from None


def _type_of(reply: httpx.Response) -> str:
    return reply.headers.get("content-type", "").partition(";")[0].strip().lower()


def _body(reply: httpx.Response, real_type: str) -> Any:
    if real_type == FORM:
        return dict(parse_qsl(reply.text))
    try:
        return reply.json()
    except (ValueError, RecursionError):
        return None


def _text(body: dict[str, Any], key: str) -> str | None:
    """Return a value if it is a text that OAuth allows, which is printable ASCII."""
    value = body.get(key)
    usable = isinstance(value, str) and value.isascii() and value.isprintable()
    return value if usable and value else None


def _error_of(reply: httpx.Response, real_type: str) -> str:
    body = _body(reply, real_type) if real_type in (FORM, JSON) else None
    if not isinstance(body, dict) or "error" not in body:
        return "wrong client credentials?" if reply.status_code == 401 else "no error was named"
    return ", ".join(str(body[key]) for key in ("error", "error_description") if key in body)
