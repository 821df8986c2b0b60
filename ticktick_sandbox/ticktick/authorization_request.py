"""What an app may ask of a person, and how a wrong request is refused.

Behaves as the framework described in ``authorization_endpoint``.
"""

from __future__ import annotations

import re
import string
from dataclasses import dataclass
from urllib.parse import urlencode

from ticktick_sandbox.ticktick.apps import App

SCOPES = ("tasks:read", "tasks:write")


class DirectError(Exception):
    """A request so wrong that nobody may be redirected: the browser shows an error page."""

    def __init__(self, error: str, description: str, status: int) -> None:
        super().__init__(description)
        self.error, self.description, self.status = error, description, status


class RedirectError(Exception):
    """A refusal that the app learns of through its redirect URI."""

    def __init__(self, location: str, description: str) -> None:
        super().__init__(description)
        self.location = location


@dataclass(frozen=True)
class AuthorizationRequest:
    """A request that may be shown for consent.

    ``target`` is where the answer goes; ``redirect_uri`` what was sent, if anything.
    """

    app: App
    target: str
    redirect_uri: str | None
    scopes: tuple[str, ...]
    state: str | None
    challenge: str | None
    challenge_method: str

    @classmethod
    def parse(cls, sent: dict[str, str], app: App | None) -> AuthorizationRequest:
        """Check the parameters ``sent`` for ``app``, the one their ``client_id`` names.

        Raises:
            DirectError: the client or the redirect URI is wrong.
            RedirectError: the response type or a scope is wrong.
        """
        if not sent.get("client_id"):
            raise DirectError("invalid_client", "A client id must be provided", 401)
        if app is None:
            raise DirectError("invalid_client", "Bad client credentials", 401)
        target = _redirect_target(app, sent.get("redirect_uri"))

        def refuse(error: str, description: str, **more: str) -> RedirectError:
            answer = {"error": error, "error_description": description}
            if sent.get("state"):
                answer["state"] = sent["state"]
            return RedirectError(_extend(target, answer | more), description)

        response_type = sent.get("response_type", "")
        if response_type != "code":
            raise refuse(
                "unsupported_response_type", f"Unsupported response types: [{response_type}]"
            )
        scopes = _scopes(sent.get("scope"))
        for scope in scopes:
            if scope not in SCOPES:
                raise refuse("invalid_scope", f"Invalid scope: {scope}", scope=" ".join(SCOPES))
        method = sent.get("code_challenge_method") or "plain"
        if sent.get("code_challenge") and method not in ("S256", "plain"):
            raise refuse("invalid_request", f"Unsupported code_challenge_method: {method}")
        return cls(
            app=app,
            target=target,
            redirect_uri=sent.get("redirect_uri"),
            scopes=scopes,
            state=sent.get("state"),
            challenge=sent.get("code_challenge") or None,
            challenge_method=method,
        )

    def answer(self, **parameters: str) -> str:
        """Return the URL that takes the browser back to the app."""
        state = {"state": self.state} if self.state else {}
        return _extend(self.target, parameters | state)


def _redirect_target(app: App, sent: str | None) -> str:
    if not app.redirect_url:
        raise DirectError(
            "invalid_request",
            "At least one redirect_uri must be registered with the client.",
            400,
        )
    if sent is not None and sent != app.redirect_url:
        raise DirectError(
            "invalid_grant",
            f"Invalid redirect: {sent} does not match one of the registered values: "
            f"[{app.redirect_url}]",
            400,
        )
    return app.redirect_url


def _scopes(text: str | None) -> tuple[str, ...]:
    """Split at blanks and plus signs as the framework does.

    A leading or doubled blank makes an empty scope, which is then refused; a trailing
    one does no harm. Where no scope is named the app gets every scope there is.
    """
    named = (text or "").rstrip(string.whitespace + "+")
    return tuple(sorted(set(re.split(r"[\s+]", named)))) if named else SCOPES


def _extend(url: str, parameters: dict[str, str]) -> str:
    return f"{url}{'&' if '?' in url else '?'}{urlencode(parameters)}"
