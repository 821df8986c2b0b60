"""The generic OAuth 2.0 broker: it does what a provider's configuration says."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from ticktick_sandbox.arcade.oauth import replies
from ticktick_sandbox.arcade.oauth.provider import JSON, PLACEHOLDER, OAuthRequest, Provider
from ticktick_sandbox.arcade.oauth.replies import RequestFailed, TokenReply
from ticktick_sandbox.shared.types import Json

if TYPE_CHECKING:
    import httpx


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


_LONGEST = 10  # seconds for one request and its whole answer
_LARGEST = 1_000_000  # bytes of an answer


class OAuthClient:
    """Sends the requests that a provider's configuration describes.

    Args:
        http: gives the HTTP client.
        strict: a reply has to have the content type that the configuration says.
    """

    def __init__(self, http: Callable[[], httpx.AsyncClient], *, strict: bool) -> None:
        self._http = http
        self._strict = strict

    async def exchange(
        self, provider: Provider, *, redirect_uri: str, code: str, code_verifier: str
    ) -> TokenReply:
        """Exchange a code for a token.

        Raises:
            RequestFailed: the endpoint can't be reached, refuses, or answers without a token.
        """
        request = provider.token_request
        values = _credentials(provider) | {"redirect_uri": redirect_uri, "code": code}
        params = fill(request.params, values) | {"code": code}
        if provider.pkce:
            params["code_verifier"] = code_verifier
        with _redacted(code, code_verifier, provider.client_secret):
            return await self._token(provider, request, params)

    async def refresh(
        self, provider: Provider, *, access_token: str, refresh_token: str
    ) -> TokenReply:
        """Get a new token by the provider's ``refresh_request``.

        The refresh token goes along even where ``params`` lack it, as in an example of
        Arcade's reference; what the live Engine sends then is not known.

        Raises:
            RequestRefused: the endpoint refuses; the refresh token is of no more use.
            RequestFailed: it can't be reached, or answers without a token.
        """
        request = provider.requests["refresh_request"]
        values = _credentials(provider) | {"refresh_token": refresh_token}
        params = {"refresh_token": refresh_token} | fill(request.params, values)
        with _redacted(access_token, refresh_token, provider.client_secret):
            return await self._token(provider, request, params, access_token)

    async def user_info(self, provider: Provider, *, access_token: str) -> Json:
        """Ask who the user is by the provider's ``user_info_request``.

        Raises:
            RequestFailed: the endpoint can't be reached, refuses, or answers with no JSON
                object.
        """
        request = replace(provider.requests["user_info_request"], auth_method="bearer_access_token")
        with _redacted(access_token):
            reply = await self._send(provider, request, fill(request.params, {}), access_token)
            return replies.user_info(reply, request, strict=self._strict)

    async def _token(
        self, provider: Provider, request: OAuthRequest, params: dict[str, str], token: str = ""
    ) -> TokenReply:
        reply = await self._send(provider, request, params, token)
        delimiter = provider.scope_delimiter
        return replies.token_reply(reply, request, delimiter=delimiter, strict=self._strict)

    async def _send(
        self, provider: Provider, request: OAuthRequest, params: dict[str, str], token: str
    ) -> httpx.Response:
        import httpx

        auth, headers = None, {"Accept": request.response_content_type}
        if request.auth_method == "client_secret_basic":
            auth = httpx.BasicAuth(provider.client_id, provider.client_secret)
        elif request.auth_method == "bearer_access_token" and token:
            headers["Authorization"] = f"Bearer {token}"
        elif request.auth_method:
            # A slip: what the live Engine does with such a method is not known.
            params = _credentials(provider) | params
        try:
            url = httpx.URL(request.endpoint)
            sent: Json = {"data": params}
            if request.method == "GET":
                url, sent = url.copy_merge_params(params), {}
            elif request.request_content_type == JSON:
                sent = {"json": params}
            stream = self._http().stream(request.method, url, headers=headers, auth=auth, **sent)
            async with asyncio.timeout(_LONGEST), stream as reply:
                content = b""
                async for part in reply.aiter_bytes():
                    content += part
                    if len(content) > _LARGEST:
                        raise RequestFailed(f"{request.endpoint} answered with more than 1 MB")
                kind = {"Content-Type": reply.headers.get("content-type", "")}
                return httpx.Response(reply.status_code, headers=kind, content=content)
        except TimeoutError:
            text = f"{request.endpoint} did not answer within {_LONGEST} s"
            raise RequestFailed(text) from None
        except (httpx.HTTPError, httpx.InvalidURL) as problem:
            reason = str(problem) or type(problem).__name__
            raise RequestFailed(f"{request.endpoint} can't be reached: {reason}") from None


def fill(params: Mapping[str, str], values: Mapping[str, str]) -> dict[str, str]:
    """Return ``params`` with their placeholders replaced."""
    return {
        name: PLACEHOLDER.sub(lambda match: values[match.group(1)], text)
        for name, text in params.items()
    }


def _credentials(provider: Provider) -> dict[str, str]:
    return {"client_id": provider.client_id, "client_secret": provider.client_secret}


@contextmanager
def _redacted(*secrets: str) -> Iterator[None]:
    """Take secrets out of the text of a failure: an error may repeat what was sent."""
    try:
        yield
    except RequestFailed as failure:
        text = str(failure)
        for secret in filter(None, secrets):
            text = re.sub(rf"(?<!\w){re.escape(secret)}(?!\w)", "…", text)
        raise type(failure)(text) from None
