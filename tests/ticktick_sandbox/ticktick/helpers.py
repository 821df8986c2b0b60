"""The steps at TickTick that come before what a test is about."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

import httpx

from tests.ticktick_sandbox.helpers import World
from ticktick_sandbox.shared.settings import LEARNER, PASSWORD
from ticktick_sandbox.ticktick.apps import App

CALLBACK = "http://localhost:3000/callback"
TOMCAT = (
    '<!doctype html><html lang="en"><head><title>HTTP Status 401 – Unauthorized</title>'
    '<style type="text/css">body {font-family:Tahoma,Arial,sans-serif;} h1, h2, h3, b '
    "{color:white;background-color:#525D76;} h1 {font-size:22px;} h2 {font-size:16px;} h3 "
    "{font-size:14px;} p {font-size:12px;} a {color:black;} .line {height:1px;"
    "background-color:#525D76;border:none;}</style></head><body><h1>HTTP Status 401 – "
    'Unauthorized</h1><hr class="line" /><p><b>Type</b> Status Report</p><p><b>Message</b> '
    "Unauthorized</p><p><b>Description</b> The request has not been applied because it lacks "
    'valid authentication credentials for the target resource.</p><hr class="line" />'
    "<h3>Apache Tomcat/9.0.43</h3></body></html>"
)


def query_of(response: httpx.Response) -> dict[str, str]:
    """Return the query of the URL that a redirect leads to."""
    query = urlsplit(response.headers["location"]).query
    return {name: values[0] for name, values in parse_qs(query, keep_blank_values=True).items()}


def token_on(client: httpx.Client, path: str, session: str = "") -> str:
    """Return the hidden token of the forms on a page."""
    shown = client.get(path, params={"session": session} if session else {}).text
    found = re.search('name="form_token" value="(.+?)"', shown)
    assert found, shown
    return found[1]


def hidden(client: httpx.Client, session: str) -> dict[str, str]:
    """Return the hidden fields that every form of this session has."""
    return {"session": session, "form_token": token_on(client, "/manage/new", session)}


def enter(client: httpx.Client, path: str, **form: str) -> httpx.Response:
    """Submit the form to sign in or to sign up."""
    return client.post(path, data={"form_token": token_on(client, path)} | form)


def sign_in(client: httpx.Client, email: str = LEARNER, password: str = PASSWORD) -> str:
    """Return a new session; the client keeps no cookie of it."""
    reply = enter(client, "/signin", email=email, password=password)
    client.cookies.clear()
    return query_of(reply)["session"]


def sign_up(client: httpx.Client, email: str) -> str:
    """Return the session of a new account; the client keeps no cookie of it."""
    reply = enter(client, "/signup", email=email, password="pw")
    client.cookies.clear()
    return query_of(reply)["session"]


def add_app(bare: World, redirect_url: str = CALLBACK, name: str = "Planner") -> App:
    """Return a new app of the learner, made through the portal's forms."""
    bare.visit(f"{bare.ticktick_url}/manage/new", click="Add", fill={"Name": name})
    edit = f"{bare.ticktick_url}/manage/app/{bare.app.client_id}"
    bare.visit(edit, click="Save", fill={"OAuth redirect URL": redirect_url})
    return bare.app


def request_for(app: App, **changes: str | None) -> dict[str, str]:
    """Return the parameters of a right authorization request; ``None`` leaves one out."""
    right = {
        "client_id": app.client_id,
        "response_type": "code",
        "redirect_uri": CALLBACK,
        "scope": "tasks:write tasks:read",
        "state": "xyz",
    }
    return {name: value for name, value in (right | changes).items() if value is not None}


def allow(client: httpx.Client, session: str, asked: dict[str, str]) -> httpx.Response:
    """Submit the consent form with the button Allow."""
    form = hidden(client, session) | {"user_oauth_approval": "true", **asked}
    return client.post("/oauth/authorize", data=form)


class Flow:
    """A consented flow of one app: new codes, and requests to exchange them."""

    def __init__(self, client: httpx.Client, session: str, app: App) -> None:
        self.client, self.session, self.app = client, session, app

    def code(self, **changes: str | None) -> str:
        """Return a new code for a right authorization request with these changes."""
        asked = request_for(self.app, **changes)
        return query_of(allow(self.client, self.session, asked))["code"]

    def body(self, code: str, /, **changes: str | None) -> dict[str, str]:
        """Return a right token request but for these changes; ``None`` leaves one out."""
        right = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK}
        return {name: value for name, value in (right | changes).items() if value is not None}

    def exchange(self, code: str, /, **changes: str | None) -> httpx.Response:
        """Exchange a code, the client's credentials in the header."""
        auth = (self.app.client_id, self.app.client_secret)
        return self.client.post("/oauth/token", data=self.body(code, **changes), auth=auth)
