"""The token endpoint: an authorization code becomes an access token.

Errors are those of Spring Security OAuth2 up to 2.3.3 (see ``authorizing``), and wrong
client credentials get Tomcat's HTML page, as recorded in public reports.
"""

from __future__ import annotations

import base64
import hashlib
import hmac

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from ticktick_sandbox.shared.pages import first_values, form_of
from ticktick_sandbox.ticktick.apps import App
from ticktick_sandbox.ticktick.authorization_request import SCOPES
from ticktick_sandbox.ticktick.grants import Code, Grants
from ticktick_sandbox.ticktick.service import TEMPLATES, service_of

_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Type": "application/json;charset=UTF-8",
    "Pragma": "no-cache",
}

TOMCAT_401 = (TEMPLATES / "tomcat_401.html").read_text(encoding="utf-8")


class NotAuthenticated(Exception):
    """The client's credentials are missing or wrong."""


class TokenRefused(Exception):
    """A token request that ends in a JSON error; ``more`` stands behind its description."""

    def __init__(self, error: str, description: str, status: int = 400, **more: str) -> None:
        super().__init__(description)
        self.error, self.description, self.status = error, description, status
        self._more = more

    def response(self) -> JSONResponse:
        """Return the error as the framework words it."""
        headers = dict(_HEADERS)
        if self.status == 401:
            headers["WWW-Authenticate"] = (
                f'Bearer error="{self.error}", error_description="{self.description}"'
            )
        body = {"error": self.error, "error_description": self.description, **self._more}
        return JSONResponse(body, status_code=self.status, headers=headers)


async def token(request: Request) -> Response:
    """Exchange a code. Credentials come by HTTP Basic, form body or query string."""
    if request.method != "POST":
        return TokenRefused(
            "method_not_allowed", f"Request method '{request.method}' not supported", 405
        ).response()
    ticktick = service_of(request)
    # The query goes before the form, as with servlets.
    sent = await form_of(request) | first_values(request.query_params.multi_items())
    try:
        app = _client(request, sent, ticktick.apps.get, ticktick.grants)
        code = _take_code(sent, app, ticktick.grants)
    except NotAuthenticated as reason:
        ticktick.note(f"token request refused with 401: {reason}", problem=True)
        return HTMLResponse(TOMCAT_401, status_code=401)
    except TokenRefused as refusal:
        ticktick.note(f"token request refused: {refusal.error}", problem=True)
        return refusal.response()
    issued = ticktick.grants.token_for(code)
    ticktick.note(f"issued an access token to {app.name} for {code.account.email}")
    return JSONResponse(
        {
            "access_token": issued.value,
            "token_type": "bearer",
            "expires_in": ticktick.grants.expires_in(issued),
            "scope": " ".join(issued.scopes),
        },
        headers=_HEADERS,
    )


def _client(request: Request, sent: dict[str, str], find, grants: Grants) -> App:
    """Return the app that asks.

    Raises:
        NotAuthenticated: no credentials, an unknown client, or a wrong secret.
    """
    basic = request.headers.get("authorization", "")
    if basic[:6].lower() == "basic ":
        try:
            pair = base64.b64decode(basic[6:], validate=True).decode()
        except ValueError:
            raise NotAuthenticated("the Basic credentials are not base64") from None
        client_id, _, secret = pair.partition(":")
    else:
        client_id, secret = sent.get("client_id", ""), sent.get("client_secret", "")
    app = find(client_id)
    if app is None:
        raise NotAuthenticated("no client with this id" if client_id else "no credentials")
    if secret:
        if not hmac.compare_digest(secret.encode(), app.client_secret.encode()):
            raise NotAuthenticated(f"wrong client secret for {app.name}")
        return app
    code = grants.peek_code(sent.get("code", ""))
    if sent.get("code_verifier") and (code is None or code.asked.challenge):
        return app  # a public client: PKCE proves that it began this flow
    raise NotAuthenticated(f"no client secret for {app.name}, and no PKCE")


def _take_code(sent: dict[str, str], app: App, grants: Grants) -> Code:
    """Return the code this request may exchange. It is used up even if a later check fails.

    Raises:
        TokenRefused: with the framework's error for whatever is wrong.
    """
    grant_type = sent.get("grant_type")
    if sent.get("client_id", app.client_id) != app.client_id:
        text = "Given client ID does not match authenticated client"
        raise TokenRefused("invalid_client", text, 401)
    for scope in sent.get("scope", "").replace("+", " ").split():
        if scope not in SCOPES:
            known = " ".join(SCOPES)
            raise TokenRefused("invalid_scope", f"Invalid scope: {scope}", scope=known)
    if not grant_type:
        raise TokenRefused("invalid_request", "Missing grant type")
    if grant_type == "refresh_token":
        raise TokenRefused("invalid_client", "Unauthorized grant type: refresh_token", 401)
    if grant_type != "authorization_code":
        raise TokenRefused("unsupported_grant_type", f"Unsupported grant type: {grant_type}")
    if not sent.get("code"):
        raise TokenRefused("invalid_request", "An authorization code must be supplied.")
    code = grants.take_code(sent["code"])
    if code is None:
        raise TokenRefused("invalid_grant", f"Invalid authorization code: {sent['code']}")
    asked = code.asked.redirect_uri is not None or "redirect_uri" in sent
    if asked and sent.get("redirect_uri") != code.asked.target:
        raise TokenRefused("invalid_grant", "Redirect URI mismatch.")
    if code.asked.app.client_id != app.client_id:
        raise TokenRefused("invalid_client", "Client ID mismatch", 401)
    if code.asked.challenge and not _verifier_fits(sent.get("code_verifier", ""), code):
        raise TokenRefused("invalid_grant", "The code verifier does not fit the code challenge.")
    return code


def _verifier_fits(verifier: str, code: Code) -> bool:
    if not 43 <= len(verifier) <= 128:  # RFC 7636, section 4.1
        return False
    if code.asked.challenge_method == "S256":
        digest = hashlib.sha256(verifier.encode()).digest()
        verifier = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    return hmac.compare_digest(verifier.encode(), (code.asked.challenge or "").encode())


routes = [Route("/oauth/token", token, methods=["GET", "POST", "PUT", "DELETE", "PATCH"])]
