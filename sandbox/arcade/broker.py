"""The generic OAuth 2.0 broker: it does what a provider's configuration says."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode

from sandbox.arcade.providers import FORM, JSON, OAuthRequest, Provider
from sandbox.arcade.reading import PLACEHOLDER

if TYPE_CHECKING:
    import httpx


_LONGEST_LIFE = 100 * 365 * 86400  # seconds; what a clock can still count


class ExchangeFailed(Exception):
    """The token endpoint did not answer with a token; the text says why, without secrets."""


@dataclass(frozen=True)
class TokenReply:
    """What a token endpoint granted. ``expires_in`` is in seconds, ``None`` if not told."""

    access_token: str
    expires_in: int | None


def authorize_url(
    provider: Provider,
    *,
    redirect_uri: str,
    scopes: list[str],
    existing_scopes: list[str],
    state: str,
    code_verifier: str,
) -> str:
    """Return the URL that a person opens to consent.

    Without existing scopes their placeholder leaves the blank or delimiter before it
    behind, as measured of the live Engine.
    """
    request = provider.authorize_request
    values = {
        "client_id": provider.client_id,
        "redirect_uri": redirect_uri,
        "scopes": provider.scope_delimiter.join(scopes),
        "existing_scopes": provider.scope_delimiter.join(existing_scopes),
        "state": state,
    }
    params = fill(request.params, values) | {"state": state}
    if provider.pkce:
        digest = hashlib.sha256(code_verifier.encode()).digest()
        params["code_challenge"] = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        params["code_challenge_method"] = "S256"
    separator = "&" if "?" in request.endpoint else "?"
    return f"{request.endpoint}{separator}{urlencode(params)}"


async def exchange(
    client: httpx.AsyncClient,
    provider: Provider,
    *,
    redirect_uri: str,
    code: str,
    code_verifier: str,
    strict: bool,
) -> TokenReply:
    """Exchange a code for a token.

    Raises:
        ExchangeFailed: the endpoint can't be reached, refuses, or answers without a token.
    """
    request = provider.token_request
    values = {
        "client_id": provider.client_id,
        "client_secret": provider.client_secret,
        "redirect_uri": redirect_uri,
        "code": code,
    }
    params = fill(request.params, values) | {"code": code}
    if provider.pkce:
        params["code_verifier"] = code_verifier
    if request.auth_method not in ("", "client_secret_basic"):
        # A slip: what the live Engine does with such a method is not known.
        params.setdefault("client_id", provider.client_id)
        params.setdefault("client_secret", provider.client_secret)
    try:
        reply = await _send(client, provider, request, params)
        return _read(reply, request, strict=strict)
    except ExchangeFailed as failure:
        text = str(failure)
        for secret in (code, code_verifier, provider.client_secret):
            if secret:  # a provider's error may repeat what it was sent
                text = re.sub(rf"(?<!\w){re.escape(secret)}(?!\w)", "…", text)
        raise ExchangeFailed(text) from None


def fill(params: Mapping[str, str], values: Mapping[str, str]) -> dict[str, str]:
    """Return ``params`` with their placeholders replaced."""
    return {
        name: PLACEHOLDER.sub(lambda match: values[match.group(1)], text)
        for name, text in params.items()
    }


async def _send(
    client: httpx.AsyncClient, provider: Provider, request: OAuthRequest, params: dict[str, str]
) -> httpx.Response:
    import httpx

    auth = None
    if request.auth_method == "client_secret_basic":
        auth = httpx.BasicAuth(provider.client_id, provider.client_secret)
    sent: dict[str, Any] = {"params": params} if request.method == "GET" else {"data": params}
    if request.method == "POST" and request.request_content_type == JSON:
        sent = {"json": params}
    headers = {"Accept": request.response_content_type}
    try:
        return await client.request(
            request.method, request.endpoint, headers=headers, auth=auth, **sent
        )
    except (httpx.HTTPError, httpx.InvalidURL) as problem:
        reason = str(problem) or type(problem).__name__
        raise ExchangeFailed(f"{request.endpoint} can't be reached: {reason}") from None


def _read(reply: httpx.Response, request: OAuthRequest, *, strict: bool) -> TokenReply:
    real_type = reply.headers.get("content-type", "").partition(";")[0].strip().lower()
    if reply.status_code >= 400:
        raise ExchangeFailed(
            f"{request.endpoint} answered {reply.status_code} ({real_type or 'no content type'}): "
            f"{_error_of(reply, real_type)}"
        )
    if strict and real_type != request.response_content_type:
        raise ExchangeFailed(
            f"{request.endpoint} answered {real_type or 'without a content type'}, but "
            f"response_content_type says {request.response_content_type}"
        )
    body = _body(reply, real_type)
    token = body.get("access_token")
    if not isinstance(token, str) or not token:
        raise ExchangeFailed(
            f"{request.endpoint} answered {reply.status_code} without an access_token "
            f"({real_type or 'no content type'})"
        )
    try:
        expires_in = min(max(int(body["expires_in"]), 0), _LONGEST_LIFE)
    except (KeyError, TypeError, ValueError, OverflowError):
        expires_in = None
    return TokenReply(token, expires_in)


def _body(reply: httpx.Response, real_type: str) -> dict[str, Any]:
    if real_type == FORM:
        return dict(parse_qsl(reply.text))
    try:
        body = reply.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _error_of(reply: httpx.Response, real_type: str) -> str:
    body = _body(reply, real_type) if real_type in (FORM, JSON) else {}
    if "error" not in body:
        return "wrong client credentials?" if reply.status_code == 401 else "no error was named"
    return ", ".join(str(body[key]) for key in ("error", "error_description") if key in body)
