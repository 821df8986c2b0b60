"""The authorization endpoint and its consent page.

Behaves as Spring Security OAuth2 up to 2.3.3, the framework TickTick's error pages give
away. What is sent to the app after a refusal is predicted from that framework and was
not observed at TickTick; behaviours.yaml says which row is which.
"""

from __future__ import annotations

import re
import string
from dataclasses import dataclass
from html import escape
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from ticktick_sandbox.shared.pages import PAGE_HEADERS, form_of
from ticktick_sandbox.ticktick.apps import App
from ticktick_sandbox.ticktick.grants import SCOPES
from ticktick_sandbox.ticktick.service import (
    check_form,
    render_page,
    service_of,
    session_for_page,
    to_sign_in,
)

CONSENT = {
    "tasks:read": "Read your task data, including the task, date & time, reminders etc.",
    "tasks:write": "Create task. Edit task",
}
_CARRIED = (
    "client_id",
    "redirect_uri",
    "response_type",
    "scope",
    "state",
    "code_challenge",
    "code_challenge_method",
)


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


def _error_page(error: DirectError) -> HTMLResponse:
    summary = f'error="{error.error}", error_description="{error.description}"'
    return HTMLResponse(
        f"<html><body><h1>OAuth Error</h1><p>{escape(summary)}</p></body></html>",
        status_code=error.status,
        headers=PAGE_HEADERS,
    )


async def authorize(request: Request) -> Response:
    """Show the consent page, or what is wrong with the request."""
    ticktick = service_of(request)
    query = request.query_params
    sent = {name: query[name] for name in _CARRIED if name in query}
    session = session_for_page(request)
    account = ticktick.accounts.signed_in(session)
    if account is None:
        return to_sign_in("/oauth/custom_authorize?" + urlencode(sent))
    try:
        asked = AuthorizationRequest.parse(sent, ticktick.apps.get(sent.get("client_id")))
    except DirectError as error:
        ticktick.note(f"authorization refused: {error}", problem=True)
        return _error_page(error)
    except RedirectError as refusal:
        ticktick.note(f"authorization refused: {refusal}", problem=True)
        return RedirectResponse(refusal.location, status_code=302)
    return render_page(
        request,
        "consent.html",
        session=session,
        account=account,
        app=asked.app,
        abilities=[CONSENT[scope] for scope in asked.scopes],
        sent=sent,
    )


async def decide(request: Request) -> Response:
    """Take the consent form: Allow sends a code to the app, Cancel a refusal."""
    ticktick = service_of(request)
    form = await form_of(request)
    check_form(request, form, form.get("session", ""))
    sent = {name: form[name] for name in _CARRIED if name in form}
    account = ticktick.accounts.signed_in(form.get("session"))
    if account is None:
        return to_sign_in("/oauth/custom_authorize?" + urlencode(sent))
    try:
        asked = AuthorizationRequest.parse(sent, ticktick.apps.get(sent.get("client_id")))
    except DirectError as error:
        return _error_page(error)
    except RedirectError as refusal:
        return RedirectResponse(refusal.location, status_code=302)
    if form.get("user_oauth_approval") != "true":
        ticktick.note(f"{account.email} denied access to {asked.app.name}")
        location = asked.answer(error="access_denied", error_description="User denied access")
        return RedirectResponse(location, status_code=302)
    code = ticktick.grants.add_code(
        asked.app.client_id,
        account,
        asked.scopes,
        asked.target,
        asked.redirect_uri,
        asked.challenge,
        asked.challenge_method,
    )
    ticktick.note(f"{account.email} allowed {asked.app.name}: {' '.join(asked.scopes)}")
    return RedirectResponse(asked.answer(code=code), status_code=302)


routes = [
    Route(path, endpoint, methods=[method])
    for path in ("/oauth/authorize", "/oauth/custom_authorize")
    for method, endpoint in (("GET", authorize), ("POST", decide))
]
