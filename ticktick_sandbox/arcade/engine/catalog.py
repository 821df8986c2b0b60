"""Every tool that can be called, and which worker runs it."""

from __future__ import annotations

import asyncio

from ticktick_sandbox.arcade.engine.tools import Tool, ToolName, by_name
from ticktick_sandbox.arcade.engine.worker import Worker
from ticktick_sandbox.arcade.engine.worker_client import WorkerFailed
from ticktick_sandbox.arcade.engine.workers import Workers

_SHOWN = 10  # tools in the text of an error


class UnknownTool(LookupError):
    """No worker offers this tool; the text says what is there instead."""


class Catalog:
    """The tools of all enabled workers. Of a tool that several offer, the first one's."""

    def __init__(self, workers: Workers) -> None:
        self._workers = workers

    async def all(self, *, all_versions: bool = False) -> list[Tool]:
        """Return every tool by name, without those of workers that never answered.

        Args:
            all_versions: return a tool once for each version that some worker offers.
        """
        answers = await asyncio.gather(
            *(self._workers.tools_of(worker) for worker in self._enabled()),
            return_exceptions=True,
        )
        first: dict[str, Tool] = {}
        for answer in answers:
            if isinstance(answer, WorkerFailed):
                continue
            if isinstance(answer, BaseException):
                raise answer
            for tool in answer:
                name = tool.fully_qualified_name if all_versions else tool.qualified_name
                first.setdefault(name.lower(), tool)
        return by_name(first.values())

    async def find(self, name: ToolName) -> tuple[Worker, Tool]:
        """Return the tool that is meant and the worker that runs it.

        Raises:
            WorkerFailed: none offers it, but one that might could never be asked.
            UnknownTool: none offers it.
        """
        known: list[Tool] = []
        failure: WorkerFailed | None = None
        for worker in self._enabled():
            try:
                offered = await self._workers.tools_of(worker)
            except WorkerFailed as problem:
                failure = failure or problem
                continue
            for tool in offered:
                if name.fits(tool):
                    return worker, tool
            known += offered
        if failure:
            raise WorkerFailed(
                f"tool {name.text} was not found, but {failure.message}",
                failure.hint,
                can_retry=failure.can_retry,
            )
        there = [tool.qualified_name for tool in by_name(known)]
        shown = ", ".join(there[:_SHOWN]) + (", …" if len(there) > _SHOWN else "")
        raise UnknownTool(f"tool {name.text} not found. Tools: {shown or 'none'}")

    def _enabled(self) -> list[Worker]:
        return [worker for worker in self._workers.all() if worker.enabled]
