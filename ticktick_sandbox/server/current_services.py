"""The services that answer now, wherever they are served, and how others take their place."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from starlette.types import Receive, Scope, Send

from ticktick_sandbox.arcade.engine.engine import Engine
from ticktick_sandbox.arcade.engine.worker import Worker
from ticktick_sandbox.recording.recorder import Wire
from ticktick_sandbox.server.faults import Faults
from ticktick_sandbox.server.hosts import LocalAddresses
from ticktick_sandbox.server.services import Services
from ticktick_sandbox.shared.clock import Clock
from ticktick_sandbox.shared.context import Context
from ticktick_sandbox.shared.event_log import EventLog
from ticktick_sandbox.shared.settings import TICKTICK_HOSTS
from ticktick_sandbox.ticktick.service import TickTick

Prepared = tuple[str | None, Path | None, str | None]
"""What ``prepare`` takes: the provider, the file, and the person."""


class CurrentServices:
    """Arcade's Engine and TickTick, until starting over puts new ones in their place.

    ``run`` runs a coroutine on their loop and returns its result; ``prepared`` is what
    ``prepare`` was last called with; ``standing`` are the
    workers that starting over registers again; ``names`` has what the servers of the
    reader's own are called, by their origins. Starting over is done by one at a
    time, who holds ``starting_over``.

    Args:
        context: what both services take for the time, and where they tell what happens.
        arcade_url: where browsers and clients find Arcade.
        ticktick_url: where they find TickTick.
        strict: the Engine refuses the slips that it otherwise tolerates.
        run: runs a coroutine on the loop of the applications and returns its result.
    """

    def __init__(
        self,
        context: Context,
        *,
        arcade_url: str,
        ticktick_url: str,
        strict: bool,
        run: Callable[[Coroutine[Any, Any, Any]], Any],
    ) -> None:
        self.arcade_url = arcade_url
        self.ticktick_url = ticktick_url
        self.local = LocalAddresses.of(arcade_url, ticktick_url)
        self.names: dict[str, str] = {}
        self.run = run
        self._make = partial(
            Services,
            arcade_url=arcade_url,
            ticktick_url=ticktick_url,
            strict=strict,
            local=self.local,
            name_of=self._name_of,
            run=run,
        )
        self.services = self._make(context)
        self.prepared: Prepared | None = None
        self.standing: list[Worker] = []
        self._pristine: tuple[Prepared | None, Services] | None = None
        self.starting_over = asyncio.Lock()

    @property
    def clock(self) -> Clock:
        """What both services take for the time."""
        return self.services.context.clock

    @property
    def event_log(self) -> EventLog:
        """What happened since the start, or since starting over."""
        return self.services.context.event_log

    @property
    def wire(self) -> Wire:
        """What went over the wire since then."""
        return self.services.wire

    @property
    def faults(self) -> Faults:
        """What goes wrong with them."""
        return self.services.faults

    @property
    def engine(self) -> Engine:
        """The Engine that answers now."""
        return self.services.engine

    @property
    def ticktick(self) -> TickTick:
        """The TickTick that answers now."""
        return self.services.ticktick

    def provider_ids(self) -> list[str]:
        """Return the ids of the configured providers."""
        return [provider.id for provider in self.engine.providers.all()]

    def prepare(
        self, provider: str | None, config: Path | None = None, person: str | None = None
    ) -> None:
        """Build what the earlier notebooks build, through the same forms and calls.

        An app is registered at TickTick in any case. Starting over builds the same again.

        Args:
            provider: the id for a provider to add through the Engine's API, ``None`` for none.
            config: an engine.yaml whose providers and workers to load instead.
            person: the name of somebody else, whom TickTick's sign-in page then offers.

        Raises:
            ValueError: the file or the id can't be used.
        """
        self.services.prepare(provider, config, person)
        self.prepared = provider, config, person

    def start_over(self, prepared: Prepared | None = None, *, noted: bool = True) -> None:
        """Put new services in place of these, with what ``prepare`` had built and no more.

        They are finished before they answer; parked polls of the old ones are answered
        then. Ports, addresses and the environment stay; a clock that stands shows its
        first moment again. Not for the servers' loop.

        Args:
            prepared: what to build from now on, instead.
            noted: whether the event log begins with it.

        Raises:
            ValueError: engine.yaml can't be used any more. Everything stays as it was.
        """
        old = self.services
        context = old.context.fresh()
        prepared = prepared or self.prepared
        # A file may have changed meanwhile, and so has the time where the clock ticks.
        if context.clock.stands and not (prepared and prepared[1]):
            new = self._make(context, like=self._as_prepared(prepared))
        else:
            new = self._prepared(context, prepared)
        for worker in self.standing:
            new.engine.workers.put(worker)
        context.event_log.listener = old.context.event_log.listener
        self.services, self.prepared = new, prepared
        if noted:
            text = "started over: everything is as it was after the start"
            context.event_log.add("Sandbox", text)
        self.run(old.engine.close())

    def _prepared(self, context: Context, prepared: Prepared | None) -> Services:
        services = self._make(context)
        if prepared:
            services.prepare(*prepared)
        return services

    def _as_prepared(self, prepared: Prepared | None) -> Services:
        """Return services as they are after the start, which nobody uses.

        To go through all the pages takes longer than most tests do, so it is done once.
        """
        if self._pristine is None or self._pristine[0] != prepared:
            self._pristine = prepared, self._prepared(self.services.context.fresh(), prepared)
        return self._pristine[1]

    def _name_of(self, url: str) -> str:
        """Return what answers at a URL that the Engine asks."""
        parts = urlsplit(url)
        if parts.hostname in TICKTICK_HOSTS:
            return "TickTick"
        return self.names.get(f"{parts.scheme}://{parts.netloc}", parts.netloc)

    async def arcade_app(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the present Arcade answer one request."""
        services = self.services
        await services.faults.serve("Arcade", services.arcade_app, scope, receive, send)

    async def ticktick_app(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the present TickTick answer one request."""
        services = self.services
        await services.faults.serve("TickTick", services.ticktick_app, scope, receive, send)
