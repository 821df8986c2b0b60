"""The authorization endpoint and its consent page.

Behaves as Spring Security OAuth2 up to 2.3.3, the framework TickTick's error pages give
away. What is sent to the app after a refusal is predicted from that framework and was
not observed at TickTick; behaviours.yaml says which row is which.
"""

from __future__ import annotations

from html import escape
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from ticktick_sandbox.shared.pages import PAGE_HEADERS, first_values, form_of
from ticktick_sandbox.ticktick.accounts import Account
from ticktick_sandbox.ticktick.authorization_request import (
    AuthorizationRequest,
    DirectError,
    RedirectError,
)
from ticktick_sandbox.ticktick.service import (
    NotSignedIn,
    check_form,
    render_page,
    service_of,
    session_for_page,
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


async def direct_error(request: Request, error: Exception) -> HTMLResponse:
    """Show the error page, which is the framework's own."""
    assert isinstance(error, DirectError)
    summary = f'error="{error.error}", error_description="{error.description}"'
    return HTMLResponse(
        f"<html><body><h1>OAuth Error</h1><p>{escape(summary)}</p></body></html>",
        status_code=error.status,
        headers=PAGE_HEADERS,
    )


async def redirect_error(request: Request, error: Exception) -> RedirectResponse:
    """Take the browser back to the app with the error."""
    assert isinstance(error, RedirectError)
    return RedirectResponse(error.location, status_code=302)


def _asked(
    request: Request, sent: dict[str, str], session: str | None
) -> tuple[Account, AuthorizationRequest]:
    """Return who is signed in and what the app asks of them.

    Raises:
        NotSignedIn: nobody is.
        DirectError: the client or the redirect URI is wrong.
        RedirectError: the response type or a scope is wrong.
    """
    ticktick = service_of(request)
    account = ticktick.accounts.signed_in(session)
    if account is None:
        raise NotSignedIn("/oauth/custom_authorize?" + urlencode(sent))
    try:
        return account, AuthorizationRequest.parse(sent, ticktick.apps.get(sent.get("client_id")))
    except (DirectError, RedirectError) as error:
        if request.method == "GET":  # a form was shown before, and this was noted then
            ticktick.note(f"authorization refused: {error}", problem=True)
        raise


async def authorize(request: Request) -> Response:
    """Show the consent page, or what is wrong with the request."""
    query = first_values(request.query_params.multi_items())
    sent = {name: query[name] for name in _CARRIED if name in query}
    session = session_for_page(request)
    account, asked = _asked(request, sent, session)
    shown = {
        "account": account,
        "app": asked.app,
        "abilities": [CONSENT[scope] for scope in asked.scopes],
        "sent": sent,
    }
    return render_page(request, "consent.html", session=session, **shown)


async def decide(request: Request) -> Response:
    """Take the consent form: Allow sends a code to the app, Cancel a refusal."""
    ticktick = service_of(request)
    form = await form_of(request)
    check_form(request, form, form.get("session", ""))
    sent = {name: form[name] for name in _CARRIED if name in form}
    account, asked = _asked(request, sent, form.get("session"))
    if form.get("user_oauth_approval") != "true":
        ticktick.note(f"{account.email} denied access to {asked.app.name}")
        location = asked.answer(error="access_denied", error_description="User denied access")
        return RedirectResponse(location, status_code=302)
    code = ticktick.grants.add_code(asked, account)
    ticktick.note(f"{account.email} allowed {asked.app.name}: {' '.join(asked.scopes)}")
    return RedirectResponse(asked.answer(code=code), status_code=302)


routes = [
    Route(path, endpoint, methods=[method])
    for path in ("/oauth/authorize", "/oauth/custom_authorize")
    for method, endpoint in (("GET", authorize), ("POST", decide))
]
