"""TickTick's OAuth against a model of it: codes and tokens, in whatever order things happen."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    multiple,
    rule,
)

from tests.ticktick_sandbox.together.in_process import TICKTICK, InProcess

CALLBACK = "http://localhost:3000/callback"
VERIFIER = "a-verifier-of-at-least-forty-three-characters"
WRONG = ["wrong secret", "no secret", "other redirect", "other verifier", "another app"]


@dataclass
class App:
    """What the model knows of an app."""

    client_id: str
    secret: str
    alive: bool = True


@dataclass
class Code:
    """What the model knows of a code."""

    value: str
    app: App
    scopes: tuple[str, ...]
    pkce: str | None
    expires: datetime
    used: bool = False


@dataclass
class Token:
    """What the model knows of a token."""

    value: str
    app: App
    scopes: tuple[str, ...]
    expires: datetime


class OAuth(RuleBasedStateMachine):
    """Apps come and go, people consent, and programs exchange what they have, or should not."""

    apps: Bundle[App] = Bundle("apps")
    codes: Bundle[Code] = Bundle("codes")
    tokens: Bundle[Token] = Bundle("tokens")

    def __init__(self) -> None:
        super().__init__()
        self.world = InProcess()

    def teardown(self) -> None:
        """End what still runs."""
        self.world.close()

    def now(self) -> datetime:
        return self.world.clock.now()

    @initialize(target=apps)
    def first_app(self) -> App:
        return self.add_app()

    @rule(target=apps)
    def add_app(self) -> App:
        client_id = self.world.add_app("App", CALLBACK)
        app = self.world.ticktick.apps.get(client_id)
        assert app
        return App(client_id, app.client_secret)

    @rule(app=apps)
    def reset_secret(self, app: App) -> None:
        reply = self.world.form(f"/manage/app/{app.client_id}/reset", {})
        assert reply.status_code == (303 if app.alive else 404)
        if app.alive:
            known = self.world.ticktick.apps.get(app.client_id)
            assert known
            assert known.client_secret != app.secret
            app.secret = known.client_secret

    @rule(app=consumes(apps))
    def delete_app(self, app: App) -> None:
        reply = self.world.form(f"/manage/app/{app.client_id}/delete", {})
        assert reply.status_code == (303 if app.alive else 404)
        app.alive = False

    @rule(
        target=codes,
        app=apps,
        scopes=st.sets(st.sampled_from(["tasks:read", "tasks:write"]), min_size=1),
        pkce=st.sampled_from([None, "S256", "plain"]),
    )
    def consent(self, app: App, scopes: set[str], pkce: str | None) -> Any:
        asked = {
            "client_id": app.client_id,
            "redirect_uri": CALLBACK,
            "response_type": "code",
            "scope": " ".join(scopes),
            "state": "s",
        }
        if pkce:
            digest = hashlib.sha256(VERIFIER.encode()).digest()
            hashed = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
            asked["code_challenge"] = hashed if pkce == "S256" else VERIFIER
            asked["code_challenge_method"] = pkce
        if not app.alive:
            reply = self.world.form("/oauth/authorize", asked | {"user_oauth_approval": "true"})
            assert reply.status_code == 401
            return multiple()
        answer = self.world.allow(asked)
        assert answer["state"] == "s"
        expires = self.now() + timedelta(minutes=10)
        return Code(answer["code"], app, tuple(sorted(scopes)), pkce, expires)

    @rule(target=tokens, code=codes, public=st.booleans())
    def exchange(self, code: Code, public: bool) -> Any:
        reply = self.send(code, code.app, public=public and code.pkce is not None)
        good = code.app.alive and not code.used and self.now() < code.expires
        code.used = code.used or code.app.alive
        if not good:
            assert reply.status_code in (400, 401), reply.text
            return multiple()
        assert reply.status_code == 200, reply.text
        body = reply.json()
        assert body["scope"] == " ".join(code.scopes)
        assert 0 <= body["expires_in"] < 180 * 86400
        expires = self.now() + timedelta(seconds=body["expires_in"] + 1)
        return Token(body["access_token"], code.app, code.scopes, expires)

    @rule(code=codes, other=apps, way=st.sampled_from(WRONG))
    def exchange_wrongly(self, code: Code, other: App, way: str) -> None:
        app = other if way == "another app" else code.app
        changes: dict[str, Any] = {}
        if way == "another app" and other is code.app:
            return
        if way == "other verifier":
            if code.pkce is None:
                return
            changes["code_verifier"] = VERIFIER[::-1]
        if way == "other redirect":
            changes["redirect_uri"] = f"{CALLBACK}/"
        secret = {"wrong secret": "wrong", "no secret": ""}.get(way)
        if way == "no secret":
            changes["code_verifier"] = ""
        reply = self.send(code, app, secret=secret, **changes)
        assert reply.status_code in (400, 401), (way, reply.text)
        if secret is None and app.alive:
            code.used = True  # who has shown who they are uses it up, whatever else is wrong

    @rule(token=tokens, write=st.booleans())
    def use(self, token: Token, write: bool) -> None:
        body = {"name": "Any"} if write else None
        reply = self.world.api(token.value, "POST" if write else "GET", "/project", body)
        if not token.app.alive or self.now() >= token.expires:
            assert reply.status_code == 401
            assert reply.json()["error"] == "invalid_token"
        elif ("tasks:write" if write else "tasks:read") in token.scopes:
            assert reply.status_code == 200
        else:
            assert (reply.status_code, reply.json()["errorCode"]) == (500, "access_forbidden")

    @rule(step=st.sampled_from([{"minutes": 4}, {"minutes": 11}, {"days": 181}]))
    def wait(self, step: dict[str, int]) -> None:
        self.world.clock.advance(**step)

    def send(
        self,
        code: Code,
        app: App,
        *,
        secret: str | None = None,
        public: bool = False,
        **changes: str,
    ) -> httpx.Response:
        body = {
            "grant_type": "authorization_code",
            "code": code.value,
            "redirect_uri": CALLBACK,
            "client_id": app.client_id,
        }
        if code.pkce:
            body["code_verifier"] = VERIFIER
        if not public:
            body["client_secret"] = app.secret if secret is None else secret
        body = {name: text for name, text in (body | changes).items() if text}
        return self.world.http.post(f"{TICKTICK}/oauth/token", data=body)


OAuth.TestCase.settings = settings(
    derandomize=True, database=None, deadline=None, max_examples=100, stateful_step_count=40
)


@pytest.mark.long
class TestOAuth(OAuth.TestCase):
    """Runs the machine."""
