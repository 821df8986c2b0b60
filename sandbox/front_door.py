"""Starts and stops a sandbox: both services, what clients read, the redirection."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sandbox import arcade, control, ticktick
from sandbox.arcade.engine import Engine, Settings
from sandbox.clocks import Clock
from sandbox.hosts import ByHost, LocalAddresses
from sandbox.ids import Ids
from sandbox.journal import Journal
from sandbox.redirection import Redirection, child_environment
from sandbox.serving import PortInUse, Serving, listen, port_of
from sandbox.settings import (
    API_KEY,
    ARCADE_HOSTS,
    ARCADE_PORT,
    LEARNER,
    LOCAL_HOSTS,
    PASSWORD,
    PROVIDER_ID,
    TICKTICK_HOSTS,
    TICKTICK_PORT,
)
from sandbox.submissions import Submissions

if TYPE_CHECKING:
    import httpx

    from sandbox.browser import Page

_STARTING_TRIES = 50  # of a tenth of a second each

_APP = {
    "Name": "My TickTick app",
    "Description": "Reads and writes tasks for its users",
}


class Sandbox:
    """Arcade's Engine and TickTick on this machine.

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
        self.clock = clock
        self.journal = journal
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
        ids = Ids()
        self._ticktick_app = ticktick.create_app(clock, ids, journal)
        self.engine = Engine(
            Settings(self.arcade_url, API_KEY, account=LEARNER, strict=strict),
            clock,
            ids,
            journal,
            local=self.local,
            client=self._engine_client,
        )
        self._arcade_app = arcade.create_app(self.engine)
        self.submissions = Submissions()
        self._serving = Serving()
        self._tls: dict[str, Any] = {}
        self.ready = False  # whether everything that was wanted at the start is built
        self._ticktick_app.state.ticktick.sign_up(LEARNER, PASSWORD, "Learner")

    def start(self) -> None:
        """Serve both, each on its own port."""
        own_pages = control.create_app(self, self._open_tls)
        arcade_app = control.WithControl(self.submissions.watching(self._arcade_app), own_pages)
        ticktick_app = self.submissions.watching(self._ticktick_app)
        arcade_socket, ticktick_socket = self._sockets
        self._serving.start(
            (ByHost(dict.fromkeys((*LOCAL_HOSTS, *ARCADE_HOSTS), arcade_app)), arcade_socket),
            (ByHost(dict.fromkeys((*LOCAL_HOSTS, *TICKTICK_HOSTS), ticktick_app)), ticktick_socket),
        )

    def stop(self) -> None:
        """Answer parked polls, stop serving and free the ports."""
        self._serving.stop(self.engine.close)

    def provider_ids(self) -> list[str]:
        """Return the ids of the configured providers."""
        return [provider.id for provider in self.engine.providers.all()]

    def prepare(self, provider: str | None, config: Path | None = None) -> None:
        """Build what the earlier notebooks build, through the same forms and calls.

        An app is registered at TickTick in any case.

        Args:
            provider: the id for a provider to add through the Engine's API, ``None`` for none.
            config: an engine.yaml whose providers to load instead.

        Raises:
            ValueError: the file or the id can't be used.
        """
        from sandbox.browser import Browser

        with Browser(self.local) as browser:
            page = browser.open(f"{self.ticktick_url}/manage/new")
            _done(browser.submit(page, "Add", _APP))
            app_url = self._newest_app_url()
            shown = browser.open(app_url).values
            credentials = shown["Client ID"], shown["Client Secret"]
            redirect_uris = []
            if config:
                redirect_uris = self._load(config, *credentials)
            elif provider:
                redirect_uris = [self._add_provider(provider, *credentials)]
            if redirect_uris:
                page = browser.open(app_url)
                _done(browser.submit(page, "Save", {"OAuth redirect URL": redirect_uris[0]}))

    def _newest_app_url(self) -> str:
        service = self._ticktick_app.state.ticktick
        learner = service.accounts.by_email(LEARNER)
        newest = service.apps.owned_by(learner.user_id)[-1]
        return f"{self.ticktick_url}/manage/app/{newest.client_id}"

    def _load(self, config: Path, client_id: str, client_secret: str) -> list[str]:
        from sandbox.arcade.config import load

        own = {"TICKTICK_CLIENT_ID": client_id, "TICKTICK_CLIENT_SECRET": client_secret}
        loaded = load(config, strict=self.engine.settings.strict, fallback=own)
        self.engine.warn(loaded.findings)
        added = [self.engine.add(provider) for provider in loaded.providers]
        return [
            self.engine.authorizations.redirect_uri(provider)
            for provider in added
            if provider.client_id == client_id
        ]

    def _add_provider(self, provider: str, client_id: str, client_secret: str) -> str:
        from sandbox.browser import local_client

        body = {
            "id": provider,
            "type": "oauth2",
            "description": "TickTick OAuth 2.0 provider",
            "oauth2": {
                "client_id": client_id,
                "client_secret": client_secret,
                "scope_delimiter": " ",
                "authorize_request": {
                    "endpoint": "https://ticktick.com/oauth/authorize",
                    "params": {
                        "response_type": "code",
                        "client_id": "{{client_id}}",
                        "redirect_uri": "{{redirect_uri}}",
                        "scope": "{{scopes}} {{existing_scopes}}",
                    },
                },
                "token_request": {
                    "endpoint": "https://ticktick.com/oauth/token",
                    "auth_method": "client_secret_basic",
                    "params": {
                        "grant_type": "authorization_code",
                        "redirect_uri": "{{redirect_uri}}",
                    },
                },
            },
        }
        with local_client() as client:
            reply = client.post(
                f"{self.arcade_url}/v1/admin/auth_providers",
                json=body,
                headers={"Authorization": API_KEY},
            )
        if reply.is_error:
            body = reply.json()
            reason = body.get("field_errors", [body])[0]["message"]
            raise ValueError(f"provider {provider!r}: {reason}")
        return reply.json()["oauth2"]["redirect_uri"]

    def _engine_client(self) -> httpx.AsyncClient:
        """Return the client with which the Engine reaches providers: TickTick, or this machine."""
        import httpx

        inside = httpx.ASGITransport(self._ticktick_app)
        mounts = {f"https://{host}": inside for host in TICKTICK_HOSTS}
        return httpx.AsyncClient(
            mounts=mounts, transport=_only_here(), trust_env=False, follow_redirects=False
        )

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
            apps = dict.fromkeys(TICKTICK_HOSTS, self._ticktick_app)
            apps |= dict.fromkeys(ARCADE_HOSTS, self._arcade_app)
            sock = listen(0)
            self._serving.serve(ByHost(apps), sock, context)
            self._tls = {"port": port_of(sock), "ca": authority.cert_pem.bytes().decode()}
        return self._tls


def _done(page: Page) -> None:
    """Raise ``ValueError`` if a form was refused."""
    if page.error:
        raise ValueError(f"{page.heading}: {page.error}")


def _only_here() -> httpx.AsyncBaseTransport:
    """Return a transport that refuses every host that is not this machine."""
    import httpx

    class OnlyHere(httpx.AsyncHTTPTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            if request.url.host not in LOCAL_HOSTS:
                raise httpx.ConnectError(f"the sandbox does not reach out to {request.url.host}")
            return await super().handle_async_request(request)

    return OnlyHere(verify=False)


def client_environment(arcade_url: str) -> dict[str, str]:
    """Return the variables that point clients and children at the sandbox."""
    return {
        "ARCADE_BASE_URL": arcade_url,  # arcadepy, arcadejs
        "ARCADE_API_URL": arcade_url,  # arcade-mcp-server
        "ARCADE_API_KEY": API_KEY,
        "ARCADE_USER_ID": LEARNER,
        # Another one for each sandbox, so that no worker answers to two of them.
        "ARCADE_WORKER_SECRET": f"sandbox-worker-secret-for-{arcade_url}",
        "ARCADE_USAGE_TRACKING": "0",
        **child_environment(arcade_url, os.environ),
    }


def find_running(port: int) -> str | None:
    """Return the URL of the sandbox on this port, ``None`` if there is none.

    One that is still starting is waited for.
    """
    import httpx

    from sandbox.browser import local_client

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
    from sandbox.browser import local_client

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
