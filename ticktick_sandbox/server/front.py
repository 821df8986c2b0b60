"""The services with what stands before them: host names, start page, watch on forms."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Coroutine
from typing import Any

from starlette.types import ASGIApp

from ticktick_sandbox.browser.form_watch import FormWatch
from ticktick_sandbox.recording.recorder import Recording
from ticktick_sandbox.server import start_page
from ticktick_sandbox.server.current_services import CurrentServices
from ticktick_sandbox.server.entrances import ByEntrance
from ticktick_sandbox.server.hosts import ByHost
from ticktick_sandbox.server.long_waits import LongWaits
from ticktick_sandbox.server.unattended import Policy, Unattended
from ticktick_sandbox.shared.context import Context
from ticktick_sandbox.shared.settings import ARCADE_HOSTS, LOCAL_HOSTS, TICKTICK_HOSTS


class Front(CurrentServices):
    """Arcade's Engine and TickTick, as browsers and clients meet them at two local addresses.

    Args:
        context: what both services take for the time, and where they tell what happens.
        arcade_url: where browsers and clients find Arcade.
        ticktick_url: where they find TickTick.
        strict: the Engine refuses the slips that it otherwise tolerates.
        run: runs a coroutine on the loop of the applications and returns its result.
        tell: is told in a sentence what a program waits for, once that lasts.
        unattended: what becomes of such a program where nobody comes.
    """

    def __init__(
        self,
        context: Context,
        *,
        arcade_url: str,
        ticktick_url: str,
        strict: bool,
        run: Callable[[Coroutine[Any, Any, Any]], Any],
        tell: Callable[[str], None] | None,
        unattended: Policy | None = None,
    ) -> None:
        super().__init__(
            context, arcade_url=arcade_url, ticktick_url=ticktick_url, strict=strict, run=run
        )
        self.form_watch = FormWatch()
        self.run_id = secrets.token_hex(4)  # a frame of an earlier start has another one
        self.control_key = secrets.token_urlsafe(32)  # for programs that steer this sandbox
        self._tell = tell
        self._arcade: ASGIApp = self.arcade_app
        if unattended:
            self._arcade = Unattended(self._arcade, self, unattended)

    def recorded(self) -> tuple[ASGIApp, ASGIApp]:
        """Return both services, for programs alone, with what records who asks them."""
        return (
            Recording(self._arcade, "Arcade", lambda: self.wire),
            Recording(self.ticktick_app, "TickTick", lambda: self.wire),
        )

    def served(
        self, open_tls: Callable[[str | None], dict[str, Any]]
    ) -> tuple[ByEntrance, ByEntrance]:
        """Return what to serve at the address of Arcade, and at that of TickTick.

        Args:
            open_tls: starts the TLS entrance for who asks, and describes it.
        """
        arcade_app, ticktick_app = self.recorded()
        if self._tell:
            arcade_app = LongWaits(arcade_app, self, self._tell)
        arcade, ticktick = (
            self.form_watch.watching(
                start_page.WithControl(
                    app,
                    start_page.create_app(name, self, open_tls, self.run_id, self.control_key),
                )
            )
            for name, app in (("arcade", arcade_app), ("ticktick", ticktick_app))
        )
        return (
            ByEntrance(ByHost(dict.fromkeys((*LOCAL_HOSTS, *ARCADE_HOSTS), arcade))),
            ByEntrance(ByHost(dict.fromkeys((*LOCAL_HOSTS, *TICKTICK_HOSTS), ticktick))),
        )
