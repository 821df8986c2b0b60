"""The workers that an Engine knows, and what each has last told of its tools."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ticktick_sandbox.arcade.config.provider_parser import is_absolute
from ticktick_sandbox.arcade.engine import worker_client
from ticktick_sandbox.arcade.engine.tools import Tool, read_tool
from ticktick_sandbox.arcade.engine.worker_client import WorkerFailed
from ticktick_sandbox.shared.event_log import Journal
from ticktick_sandbox.shared.settings import LOCAL_HOSTS

if TYPE_CHECKING:
    import httpx

LONGEST_TIMEOUT = 3600  # seconds
MOST_RETRIES = 10
WORKER_ID = re.compile(r"[A-Za-z0-9_-]{1,100}")

_FRESH = 0.5  # seconds; a worker takes longer to start, so one that is back is asked anew


@dataclass(frozen=True)
class Worker:
    """A server of tools.

    ``timeout`` is in seconds. ``retry`` is kept and shown, but a call is never repeated:
    its tool may have run. ``origin`` is ``"static"`` for one from engine.yaml and
    ``"project"`` for one made through the API.
    """

    id: str
    uri: str
    secret: str = field(repr=False)
    timeout: int = 30
    retry: int = 3
    enabled: bool = True
    origin: str = "project"


class BadAddress(ValueError):
    """A worker can't be there; the text says why. ``rule`` names the rule that is broken."""

    def __init__(self, rule: str, text: str) -> None:
        super().__init__(text)
        self.rule = rule


def address(uri: str) -> str:
    """Return a worker's address, without a slash at its end.

    Raises:
        BadAddress: it is no plain URL, or not on this machine.
    """
    parts = urlsplit(uri) if is_absolute(uri) else None
    if parts is None or parts.query or parts.fragment or parts.username is not None:
        text = "uri must be a plain http or https address such as http://127.0.0.1:8002"
        raise BadAddress("url", text)
    if parts.hostname not in LOCAL_HOSTS:
        text = (
            "the sandbox calls workers on this machine only: "
            "use http://127.0.0.1 or http://localhost with the worker's port"
        )
        raise BadAddress("local", text)
    return uri.rstrip("/")


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

    def __init__(self, journal: Journal, client: Callable[[], httpx.AsyncClient]) -> None:
        self._journal = journal
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
            self._journal.note("Arcade", f"added the worker {worker.id} at {worker.uri}")
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
                self._journal.note("Arcade", failure.message, problem=True)
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
