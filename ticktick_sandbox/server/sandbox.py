"""The sandbox on this machine: both services, each on its port."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from starlette.types import ASGIApp

from ticktick_sandbox.redirection import AUTHORITY
from ticktick_sandbox.server.entrances import As
from ticktick_sandbox.server.front import Front
from ticktick_sandbox.server.hosts import ByHost
from ticktick_sandbox.server.ports import Listener, PortInUse
from ticktick_sandbox.server.unattended import Policy
from ticktick_sandbox.server.uvicorn_thread import UvicornThread
from ticktick_sandbox.shared.context import Context
from ticktick_sandbox.shared.settings import (
    ARCADE_HOSTS,
    ARCADE_PORT,
    TICKTICK_HOSTS,
    TICKTICK_PORT,
)

if TYPE_CHECKING:
    import ssl

_ENTRANCES = 50  # for TLS; more programs share the one of those without a name


class Sandbox(Front):
    """Arcade's Engine and TickTick on this machine, each on its own port.

    Args:
        context: what both services take for the time, and where they tell what happens.
        ports: for Arcade and TickTick; 0 means any free one.
        strict: the Engine refuses the slips that it otherwise tolerates.
        tell: is told in a sentence what a program waits for, once that lasts.
        unattended: what becomes of such a program where nobody comes.

    Raises:
        PortInUse: another program has one of the ports.
    """

    def __init__(
        self,
        context: Context,
        *,
        ports: tuple[int, int] = (ARCADE_PORT, TICKTICK_PORT),
        strict: bool = False,
        tell: Callable[[str], None] | None = None,
        unattended: Policy | None = None,
    ) -> None:
        self._listeners = [Listener(ports[0])]
        try:
            self._listeners.append(Listener(ports[1]))
        except PortInUse:
            self._listeners[0].close()
            raise
        arcade_url, ticktick_url = (f"http://localhost:{each.port}" for each in self._listeners)
        self._thread = UvicornThread()
        self._authority: tuple[ssl.SSLContext, str] | None = None
        self._tls: dict[str | None, dict[str, Any]] = {}
        super().__init__(
            context,
            arcade_url=arcade_url,
            ticktick_url=ticktick_url,
            strict=strict,
            run=self._thread.run,
            tell=tell,
            unattended=unattended,
        )

    def start(self) -> None:
        """Serve both, each on its own port."""
        apps = self.served(self._open_tls)

        async def serve_both() -> None:
            for app, listener in zip(apps, self._listeners, strict=True):
                self._thread.serve(app, listener)

        self._thread.run(serve_both())

    @property
    def serves(self) -> bool:
        """Whether it was not stopped."""
        return self._thread.runs

    def stop(self) -> None:
        """Answer parked polls, stop serving and free the ports."""
        self._thread.stop(self.engine.close)
        for listener in self._listeners:
            listener.close()  # also if nothing was served yet

    def _open_tls(self, asker: str | None) -> dict[str, Any]:
        """Start the TLS entrance for the real host names on its first use.

        Args:
            asker: for whom; those who have no name share one.

        Returns:
            ``{"port": int, "ca": PEM text}``; the authority's key stays in memory.
        """
        if len(self._tls) >= _ENTRANCES:
            asker = None
        if asker not in self._tls:
            context, authority = self._authority = self._authority or _make_authority()
            arcade, ticktick = (As(app, asker) for app in self.recorded())
            apps: dict[str, ASGIApp] = dict.fromkeys(TICKTICK_HOSTS, ticktick)
            apps |= dict.fromkeys(ARCADE_HOSTS, arcade)
            listener = Listener(0)
            self._thread.serve(ByHost(apps), listener, context)
            self._tls[asker] = {"port": listener.port, "ca": authority}
        return self._tls[asker]


def _make_authority() -> tuple[ssl.SSLContext, str]:
    """Return what servers need to be the six hosts, and the certificate to trust for that."""
    import ssl

    import trustme

    authority = trustme.CA(path_length=0, organization_name=AUTHORITY)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    now = datetime.now(UTC)
    authority.issue_cert(
        *TICKTICK_HOSTS,
        *ARCADE_HOSTS,
        not_before=now - timedelta(days=1),
        not_after=now + timedelta(days=30),  # longer than a sandbox runs
    ).configure_cert(context)
    return context, authority.cert_pem.bytes().decode()
