"""A running sandbox with its clients, for tests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import httpx
from arcadepy import Arcade

from ticktick_sandbox.browser.browser import Browser, Page, local_client
from ticktick_sandbox.server.current_services import Prepared
from ticktick_sandbox.server.sandbox import Sandbox
from ticktick_sandbox.shared.clock import NOTEBOOK_TIME, Clock
from ticktick_sandbox.shared.context import Context
from ticktick_sandbox.shared.settings import API_KEY, LEARNER, PROVIDER_ID

BOTH = ["tasks:read", "tasks:write"]


class World:
    """A sandbox with its clients.

    ``arcade`` is the real arcadepy, which here refuses every reply that does not fit its
    types. ``http`` is a plain client that follows no redirects.
    """

    def __init__(self, sandbox: Sandbox, *, lasts: bool = False) -> None:
        self.sandbox = sandbox
        self._lasts = lasts
        self.arcade_url = sandbox.arcade_url
        self.ticktick_url = sandbox.ticktick_url
        self.http = local_client()
        self._opened = [self.http]
        self.arcade = Arcade(
            api_key=API_KEY,
            base_url=sandbox.arcade_url,
            max_retries=0,
            http_client=local_client(),  # its own would load every authority of the machine
            _strict_response_validation=True,
        )

    def close(self) -> None:
        """Close the clients and stop the sandbox, unless it is for the next test, too."""
        for client in self._opened:
            client.close()
        self.arcade.close()
        if not self._lasts:
            self.sandbox.stop()

    @property
    def app(self):
        """The learner's TickTick app, as the portal keeps it."""
        service = self.sandbox.ticktick
        return service.apps.owned_by(service.accounts.by_email(LEARNER).user_id)[-1]

    def visit(self, url: str, click: str | None = None, fill: dict[str, str] | None = None) -> Page:
        """Open a page as the learner, signed in, and click a button on it."""
        with Browser(self.sandbox.local) as browser:
            page = browser.open(url)
            return browser.submit(page, click, fill) if click else page

    def token(self, scopes: list[str] = BOTH, user_id: str = LEARNER) -> str:
        """Return an access token obtained through Arcade, with the learner's consent."""
        auth = self.arcade.auth.start(user_id, PROVIDER_ID, scopes=scopes)
        if auth.status != "completed":
            assert auth.url
            self.visit(auth.url, click="Allow")
            assert auth.id
            auth = self.arcade.auth.status(id=auth.id)
        assert auth.context
        assert auth.context.token
        return auth.context.token

    def open_api(self, scopes: list[str] = BOTH) -> httpx.Client:
        """Return a client for the Open API with a token of these scopes."""
        client = local_client()
        client.base_url = f"{self.ticktick_url}/open/v1"
        client.headers["Authorization"] = f"Bearer {self.token(scopes)}"
        self._opened.append(client)
        return client


def make_world(**settings: object) -> World:
    """Return a running world on free ports, its clock standing, with no app or provider."""
    sandbox = Sandbox(Context.of(Clock(standing_at=NOTEBOOK_TIME)), ports=(0, 0), **settings)  # type: ignore[arg-type]
    sandbox.start()
    return World(sandbox)


@contextmanager
def restarted(world: World) -> Iterator[Sandbox]:
    """Stop the world's sandbox; while the block runs, another one has its Arcade port."""
    port = world.sandbox._listeners[0].port
    world.sandbox.stop()
    sandbox = Sandbox(Context.of(Clock(standing_at=NOTEBOOK_TIME)), ports=(port, 0))
    sandbox.start()
    try:
        yield sandbox
    finally:
        sandbox.stop()


def fresh_world(lasting: list[Sandbox], prepared: Prepared | None) -> Iterator[World]:
    """Yield the world of the sandbox that lasts, started over; a new one if it was stopped."""
    if not lasting or not lasting[0].serves:
        lasting[:] = [make_world().sandbox]
    (sandbox,) = lasting
    sandbox.prepared = prepared
    sandbox.start_over(noted=False)
    world = World(sandbox, lasts=True)
    yield world
    world.close()
    sandbox.names.clear()
