"""Tools that run later: kept until the clock shows their time, then run once."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import datetime

from ticktick_sandbox.arcade.engine.catalog import UnknownTool
from ticktick_sandbox.arcade.engine.executions import Call, Executions, Outcome, UserRequired
from ticktick_sandbox.arcade.engine.requirements import AuthorizationRequired, RequirementNotMet
from ticktick_sandbox.arcade.engine.tools import Tool
from ticktick_sandbox.shared.context import Context

PENDING, RUNNING, COMPLETED, FAILED = "pending", "running", "completed", "failed"
_KEPT = 1000


@dataclass(frozen=True)
class Attempt:
    """One try at running a tool."""

    id: str
    outcome: Outcome


@dataclass
class Scheduled:
    """A call that waits for its time, or has had it. ``status`` is one of the above."""

    id: str
    call: Call
    tool: Tool
    run_at: datetime
    created_at: datetime
    updated_at: datetime
    status: str = PENDING
    started_at: datetime | None = None
    finished_at: datetime | None = None
    attempts: list[Attempt] = field(default_factory=list)


class Schedule:
    """All scheduled calls of one Engine; of a thousand, those that are over are forgotten.

    What a call needs is looked up when it runs, not when it is scheduled.
    """

    def __init__(self, executions: Executions, context: Context) -> None:
        self._executions = executions
        self._clock, self._ids, self._event_log = context.clock, context.ids, context.event_log
        self._by_id: dict[str, Scheduled] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = False

    def all(self) -> list[Scheduled]:
        """Return every scheduled call, the newest first."""
        return list(reversed(self._by_id.values()))

    def get(self, scheduled_id: str) -> Scheduled | None:
        """Return the scheduled call with this id."""
        return self._by_id.get(scheduled_id)

    def add(self, call: Call, tool: Tool, run_at: datetime) -> Scheduled:
        """Keep a call and run it once the clock shows ``run_at``.

        Args:
            call: what to run.
            tool: the tool that the call means today.
            run_at: when to run it.
        """
        now = self._clock.now()
        added = Scheduled(self._executions.new_id(), call, tool, run_at, now, now)
        self._make_room()
        self._by_id[added.id] = added
        text = f"scheduled {call.named} to run at {run_at:%Y-%m-%d %H:%M:%S} UTC"
        self._event_log.add("Arcade", text)
        if not self._closed:
            task = asyncio.create_task(self._run(added))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return added

    async def close(self) -> None:
        """Let nothing run any more, not even what runs now."""
        self._closed = True
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self, scheduled: Scheduled) -> None:
        await self._clock.until(scheduled.run_at)
        started = self._clock.now()
        scheduled.status, scheduled.started_at, scheduled.updated_at = RUNNING, started, started
        attempt_id = self._ids.base62("attempt", 30, prefix="ta_sandbox")
        try:
            outcome = await self._executions.outcome(scheduled.call)
        except (UnknownTool, UserRequired, RequirementNotMet, AuthorizationRequired) as problem:
            outcome = self._not_run(scheduled.call, problem, started)
        scheduled.attempts.append(Attempt(attempt_id, outcome))
        scheduled.status = COMPLETED if outcome.success else FAILED
        scheduled.finished_at = scheduled.updated_at = outcome.finished_at

    def _not_run(self, call: Call, problem: Exception, started: datetime) -> Outcome:
        """Return the failure of a call whose requirements are not met at its time."""
        reason = str(problem)
        self._event_log.add("Arcade", f"{call.named} did not run: {reason}", problem=True)
        error = {"message": reason, "kind": "TOOL_REQUIREMENTS_NOT_MET", "can_retry": False}
        return Outcome(False, {"error": error}, "", started, self._clock.now())

    def _make_room(self) -> None:
        """Forget the oldest calls that are over, as far as there are too many."""
        too_many = len(self._by_id) - _KEPT + 1
        if too_many > 0:
            over = [s.id for s in self._by_id.values() if s.status in (COMPLETED, FAILED)]
            for scheduled_id in over[:too_many]:
                del self._by_id[scheduled_id]
