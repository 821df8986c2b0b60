"""The workers that an Engine knows, and what each has last told of its tools."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ticktick_sandbox.arcade.engine import worker_client
from ticktick_sandbox.arcade.engine.tools import Tool, read_tool
from ticktick_sandbox.arcade.engine.worker import Worker
from ticktick_sandbox.arcade.engine.worker_client import WorkerFailed
from ticktick_sandbox.shared.event_log import EventLog

if TYPE_CHECKING:
    import httpx

_FRESH = 0.5  # seconds; a worker takes longer to start, so one that is back is asked anew


@dataclass
class _Told:
    """What a worker has told, how it was set up then, and when that was."""

    worker: Worker
    tools: list[Tool]
    at: float


class Workers:
    """All workers of one Engine.

    Args:
        client: gives the HTTP client for the Engine's requests to workers.
    """

    def __init__(self, event_log: EventLog, client: Callable[[], httpx.AsyncClient]) -> None:
        self._event_log = event_log
        self._client = client
        self._by_id: dict[str, Worker] = {}
        self._told: dict[str, _Told] = {}
        self._failing: set[str] = set()

    def all(self) -> list[Worker]:
        """Return every worker, in the order in which they were added."""
        return list(self._by_id.values())

    def get(self, worker_id: str) -> Worker | None:
        """Return the worker with this id."""
        return self._by_id.get(worker_id)

    def put(self, worker: Worker) -> None:
        """Add or replace a worker. At another address it is another one, with its own tools."""
        before = self._by_id.get(worker.id)
        if before is None:
            self._event_log.add("Arcade", f"added the worker {worker.id} at {worker.uri}")
        elif before.uri != worker.uri:
            self._told.pop(worker.id, None)
        self._by_id[worker.id] = worker

    def remove(self, worker: Worker) -> None:
        """Take a worker out."""
        del self._by_id[worker.id]
        self._told.pop(worker.id, None)
        self._failing.discard(worker.id)

    async def ask_tools(self, worker: Worker) -> list[Tool]:
        """Ask a worker which tools it offers, and keep the answer.

        Raises:
            WorkerFailed: it can't be reached, refuses the secret, or answers junk.
        """
        try:
            sent = await worker_client.tools(self._client(), worker)
            try:
                tools = [read_tool(definition) for definition in sent]
            except (AttributeError, KeyError, TypeError, ValueError):
                raise WorkerFailed.junk(worker.id, "a list of tools") from None
        except WorkerFailed as failure:
            if worker.id not in self._failing:
                self._event_log.add("Arcade", failure.message, problem=True)
            self._failing.add(worker.id)
            raise
        self._failing.discard(worker.id)
        if self._by_id.get(worker.id) == worker:  # not changed or removed meanwhile
            self._told[worker.id] = _Told(worker, tools, time.monotonic())
        return tools

    async def tools_of(self, worker: Worker) -> list[Tool]:
        """Return what a worker offers, or last offered if it can't be asked now.

        Raises:
            WorkerFailed: it can't be asked and never could.
        """
        told = self._told.get(worker.id)
        if told and told.worker == worker and time.monotonic() - told.at < _FRESH:
            return told.tools
        try:
            return await self.ask_tools(worker)
        except WorkerFailed:
            if told is None:
                raise
            return told.tools

    async def check(self, worker: Worker) -> None:
        """Ask a worker how it is, then for its tools, which shows whether the secret fits.

        Raises:
            WorkerFailed: it is not well; the text says why.
        """
        await worker_client.health(self._client(), worker.id, worker.uri, worker.timeout)
        await self.ask_tools(worker)

    async def try_uri(self, uri: str) -> None:
        """Ask whatever is at this address how it is, without a secret.

        Raises:
            WorkerFailed: no worker answers there; the text says why.
        """
        await worker_client.health(self._client(), uri, uri)
