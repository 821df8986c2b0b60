"""Both services in this process, without sockets, for tests that send thousands of requests."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx

from ticktick_sandbox.browser.browser import inside_client
from ticktick_sandbox.server.current_services import CurrentServices
from ticktick_sandbox.shared.clock import NOTEBOOK_TIME, Clock
from ticktick_sandbox.shared.context import Context
from ticktick_sandbox.shared.settings import API_KEY, LEARNER, PROVIDER_ID

ARCADE, TICKTICK = "http://localhost:9099", "http://localhost:9100"


class InProcess:
    """The two services, a client for both, and what a person does at TickTick."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.running = CurrentServices(
            Context.of(Clock(standing_at=NOTEBOOK_TIME)),
            arcade_url=ARCADE,
            ticktick_url=TICKTICK,
            strict=False,
            run=self.loop.run_until_complete,
        )
        self.ticktick = self.running.ticktick
        self.engine = self.running.engine
        self.clock = self.running.clock
        apps = {ARCADE: self.running.arcade_app, TICKTICK: self.running.ticktick_app}
        self.http = inside_client(apps, self.loop.run_until_complete)
        learner = self.ticktick.accounts.by_email(LEARNER)
        assert learner
        self.learner = learner
        self.session = self.ticktick.accounts.open_session(learner)

    def close(self) -> None:
        """End what still runs."""
        self.http.close()
        self.loop.run_until_complete(self.engine.close())
        self.loop.close()

    def arcade(self, method: str, path: str, body: Any = None) -> httpx.Response:
        """Send a request to the Engine with its key."""
        sent = {} if body is None else {"json": body}
        headers = {"Authorization": API_KEY}
        return self.http.request(method, f"{ARCADE}{path}", headers=headers, **sent)

    def api(self, token: str, method: str, path: str, body: Any = None) -> httpx.Response:
        """Send a request to the Open API with a token."""
        sent = {} if body is None else {"json": body}
        headers = {"Authorization": f"Bearer {token}"}
        return self.http.request(method, f"{TICKTICK}/open/v1{path}", headers=headers, **sent)

    def form(self, path: str, fields: dict[str, str], *, multipart: bool = False) -> httpx.Response:
        """Send a form of TickTick as the learner."""
        token = self.ticktick.form_token(self.session)
        sent = {"session": self.session, "form_token": token} | fields
        if multipart:
            return self.http.post(
                f"{TICKTICK}{path}", files={name: (None, text) for name, text in sent.items()}
            )
        return self.http.post(f"{TICKTICK}{path}", data=sent)

    def add_app(self, name: str, redirect_url: str) -> str:
        """Register an app in the portal and return its Client ID."""
        assert self.form("/manage/new", {"name": name}).status_code == 303
        app = self.ticktick.apps.owned_by(self.learner.user_id)[-1]
        fields = {"name": name, "redirect_url": redirect_url}
        saved = self.form(f"/manage/app/{app.client_id}", fields, multipart=True)
        assert saved.status_code == 303
        return app.client_id

    def allow(self, asked: dict[str, str]) -> dict[str, str]:
        """Allow what an app asks for and return what its redirect URL is given."""
        reply = self.form("/oauth/authorize", asked | {"user_oauth_approval": "true"})
        assert reply.status_code == 302, reply.text
        return dict(parse_qsl(urlsplit(reply.headers["location"]).query))

    def prepare(self) -> None:
        """Add the TickTick app and the provider that a notebook starts with."""
        self.running.prepare(PROVIDER_ID)
