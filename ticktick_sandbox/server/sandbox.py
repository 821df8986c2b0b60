"""Starts and stops a sandbox: both services, what clients read, the redirection."""

from __future__ import annotations

import asyncio
import os
import time
from functools import partial
from pathlib import Path
from typing import Any

from starlette.types import Receive, Scope, Send

from ticktick_sandbox.arcade.engine.engine import Engine
from ticktick_sandbox.browser.form_watch import Submissions
from ticktick_sandbox.redirection import Redirection, child_environment
from ticktick_sandbox.server import start_page
from ticktick_sandbox.server.hosts import ByHost, LocalAddresses
from ticktick_sandbox.server.services import Services
from ticktick_sandbox.server.uvicorn_thread import PortInUse, Serving, listen, port_of
from ticktick_sandbox.shared.clock import Clock
from ticktick_sandbox.shared.event_log import Journal
from ticktick_sandbox.shared.settings import (
    API_KEY,
    ARCADE_HOSTS,
    ARCADE_PORT,
    LEARNER,
    LEFT_ALONE,
    LOCAL_HOSTS,
    PROVIDER_ID,
    TICKTICK_HOSTS,
    TICKTICK_PORT,
    worker_secret,
)
from ticktick_sandbox.ticktick.service import TickTick

_STARTING_TRIES = 50  # of a tenth of a second each


class Sandbox:
    """Arcade's Engine and TickTick on this machine.

    ``prepared`` is what ``prepare`` was last called with. Starting over is done by one at a
    time, who holds ``starting_over``.

    Args:
        clock: what both services take for the time.
        journal: gets what happens.
        ports: for Arcade and TickTick; 0 means any free one.
        strict: the Engine refuses the slips that it otherwise tolerates.

    Raises:
        PortInUse: another program has one of the ports.
    """

    def __init__(
        self,
        clock: Clock,
        journal: Journal,
        *,
        ports: tuple[int, int] = (ARCADE_PORT, TICKTICK_PORT),
        strict: bool = False,
    ) -> None:
        self._sockets = [listen(ports[0])]
        try:
            self._sockets.append(listen(ports[1]))
        except PortInUse:
            self._sockets[0].close()
            raise
        self.arcade_url, self.ticktick_url = (
            f"http://localhost:{port_of(sock)}" for sock in self._sockets
        )
        self.local = LocalAddresses(
            {f"https://{host}": self.ticktick_url for host in TICKTICK_HOSTS}
            | {f"https://{host}": self.arcade_url for host in ARCADE_HOSTS}
        )
        self.submissions = Submissions()
        self._serving = Serving()
        self._make = partial(
            Services,
            arcade_url=self.arcade_url,
            ticktick_url=self.ticktick_url,
            strict=strict,
            local=self.local,
            run=self._serving.run,
        )
        self.services = self._make(clock, journal)
        self.prepared: tuple[str | None, Path | None] | None = None
        self.starting_over = asyncio.Lock()
        self._tls: dict[str, Any] = {}
        self.ready = False  # whether everything that was wanted at the start is built

    @property
    def clock(self) -> Clock:
        """What both services take for the time."""
        return self.services.clock

    @property
    def journal(self) -> Journal:
        """What happened since the start, or since starting over."""
        return self.services.journal

    @property
    def engine(self) -> Engine:
        """The Engine that answers now."""
        return self.services.engine

    @property
    def ticktick(self) -> TickTick:
        """The TickTick that answers now."""
        return self.services.ticktick

    def start(self) -> None:
        """Serve both, each on its own port."""
        arcade, ticktick = (
            start_page.WithControl(
                self.submissions.watching(app), start_page.create_app(name, self, self._open_tls)
            )
            for name, app in (("arcade", self._arcade), ("ticktick", self._ticktick))
        )
        arcade_socket, ticktick_socket = self._sockets
        self._serving.start(
            (ByHost(dict.fromkeys((*LOCAL_HOSTS, *ARCADE_HOSTS), arcade)), arcade_socket),
            (ByHost(dict.fromkeys((*LOCAL_HOSTS, *TICKTICK_HOSTS), ticktick)), ticktick_socket),
        )

    def stop(self) -> None:
        """Answer parked polls, stop serving and free the ports."""
        self._serving.stop(self.engine.close)

    def provider_ids(self) -> list[str]:
        """Return the ids of the configured providers."""
        return [provider.id for provider in self.engine.providers.all()]

    def prepare(self, provider: str | None, config: Path | None = None) -> None:
        """Build what the earlier notebooks build, through the same forms and calls.

        An app is registered at TickTick in any case. Starting over builds the same again.

        Args:
            provider: the id for a provider to add through the Engine's API, ``None`` for none.
            config: an engine.yaml whose providers and workers to load instead.

        Raises:
            ValueError: the file or the id can't be used.
        """
        self.services.prepare(provider, config)
        self.prepared = provider, config

    def start_over(self) -> None:
        """Put new services in place of these, with what ``prepare`` had built and no more.

        They are finished before they answer; parked polls of the old ones are answered
        then. Ports, addresses and the environment stay; a clock that stands shows its
        first moment again. Not for the servers' loop.

        Raises:
            ValueError: engine.yaml can't be used any more. Everything stays as it was.
        """
        old = self.services
        clock = old.clock.anew()
        new = self._make(clock, Journal(clock))
        if self.prepared:
            new.prepare(*self.prepared)
        new.journal.listener = old.journal.listener
        self.services = new
        new.journal.note("Sandbox", "started over: everything is as it was after the start")
        self._serving.run(old.engine.close())

    async def _arcade(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.services.arcade_app(scope, receive, send)

    async def _ticktick(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.services.ticktick_app(scope, receive, send)

    def _open_tls(self) -> dict[str, Any]:
        """Start the TLS entrance for the real host names on its first use.

        Returns:
            ``{"port": int, "ca": PEM text}``; the authority's key stays in memory.
        """
        if not self._tls:
            import ssl

            import trustme

            authority = trustme.CA(organization_name="TickTick sandbox")
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            authority.issue_cert(*TICKTICK_HOSTS, *ARCADE_HOSTS).configure_cert(context)
            apps = dict.fromkeys(TICKTICK_HOSTS, self._ticktick)
            apps |= dict.fromkeys(ARCADE_HOSTS, self._arcade)
            sock = listen(0)
            self._serving.serve(ByHost(apps), sock, context)
            self._tls = {"port": port_of(sock), "ca": authority.cert_pem.bytes().decode()}
        return self._tls


def client_environment(arcade_url: str) -> dict[str, str]:
    """Return the variables that point clients and children at the sandbox."""
    return {
        "ARCADE_BASE_URL": arcade_url,  # arcadepy, arcadejs
        "ARCADE_API_URL": arcade_url,  # arcade-mcp-server
        "ARCADE_API_KEY": API_KEY,
        "ARCADE_USER_ID": LEARNER,
        "ARCADE_WORKER_SECRET": worker_secret(arcade_url),
        **LEFT_ALONE,
        **child_environment(arcade_url, os.environ),
    }


def find_running(port: int) -> str | None:
    """Return the URL of the sandbox on this port, ``None`` if there is none.

    One that is still starting is waited for.
    """
    import httpx

    from ticktick_sandbox.browser.browser import local_client

    url = f"http://localhost:{port}"
    try:
        with local_client() as client:
            for _ in range(_STARTING_TRIES):
                state = client.get(f"{url}/_sandbox/state", timeout=2).json()
                if not isinstance(state, dict) or state.get("arcade") != url:
                    return None
                if state.get("ready"):
                    break
                time.sleep(0.1)
    except (httpx.HTTPError, ValueError):
        return None
    return url


def tls_entrance(arcade_url: str) -> dict[str, Any]:
    """Return the TLS port of the sandbox at this URL and its certificate authority.

    Returns:
        ``{"port": int, "ca": PEM text}``
    """
    from ticktick_sandbox.browser.browser import local_client

    with local_client() as client:
        return client.get(f"{arcade_url}/_sandbox/tls").raise_for_status().json()


class ChangedEnvironment:
    """Variables that were set in this process and can be put back."""

    def __init__(self, variables: dict[str, str]) -> None:
        self._before = {name: os.environ.get(name) for name in variables}
        os.environ.update(variables)

    def restore(self) -> None:
        """Put back what was there before."""
        for name, value in self._before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


__all__ = [
    "PROVIDER_ID",
    "ChangedEnvironment",
    "PortInUse",
    "Redirection",
    "Sandbox",
    "client_environment",
    "find_running",
    "tls_entrance",
]
