"""Running a tool: for whom, with what, where, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ticktick_sandbox.arcade.engine import worker_client
from ticktick_sandbox.arcade.engine.catalog import Catalog
from ticktick_sandbox.arcade.engine.requirements import Requirements
from ticktick_sandbox.arcade.engine.tools import Tool, ToolName
from ticktick_sandbox.arcade.engine.worker_client import WorkerFailed
from ticktick_sandbox.arcade.timestamps import format_timestamp
from ticktick_sandbox.shared.context import Context
from ticktick_sandbox.shared.types import Json

if TYPE_CHECKING:
    import httpx

_NEVER = "0001-01-01T00:00:00Z"
_PARTS_OF_AN_ERROR = (
    "message",
    "kind",
    "can_retry",
    "developer_message",
    "additional_prompt_content",
    "retry_after_ms",
    "status_code",
    "extra",
)


@dataclass(frozen=True)
class Call:
    """A request to run a tool."""

    tool: ToolName
    inputs: Mapping[str, Any] = field(default_factory=dict)
    user_id: str | None = None
    stacktrace: bool = False

    @property
    def named(self) -> str:
        """What runs, and for whom, in words for the event log."""
        return f"{self.tool.text} for {self.user_id}" if self.user_id else self.tool.text


@dataclass(frozen=True)
class Outcome:
    """What came of a call: the tool's ``value`` or its ``error`` in ``output``, and its logs.

    ``execution_id`` is empty if the call failed.
    """

    success: bool
    output: Json
    execution_id: str
    started_at: datetime
    finished_at: datetime


class UserRequired(ValueError):
    """The tool acts for a user, and the call names none."""


class Executions:
    """Runs tools, each call once. Durations are the sandbox clock's: 0 while it stands."""

    def __init__(
        self,
        catalog: Catalog,
        requirements: Requirements,
        context: Context,
        client: Callable[[], httpx.AsyncClient],
    ) -> None:
        self._catalog = catalog
        self._requirements = requirements
        self._clock, self._ids, self._event_log = context.clock, context.ids, context.event_log
        self._client = client

    async def run(self, call: Call) -> Json:
        """Run a tool and return the body of the answer. Raises like ``outcome``."""
        outcome = await self.outcome(call)
        duration = outcome.finished_at - outcome.started_at
        return {
            "id": self.new_id(),
            "execution_id": outcome.execution_id,
            "execution_type": "immediate",
            "finished_at": format_timestamp(outcome.finished_at) if outcome.success else _NEVER,
            "duration": duration.total_seconds() * 1000,
            "status": "completed" if outcome.success else "failed",
            "output": outcome.output,
            "success": outcome.success,
        }

    def new_id(self) -> str:
        """Return an id for the next execution."""
        return self._ids.base62("tool execution", 30, prefix="te_sandbox")

    async def outcome(self, call: Call) -> Outcome:
        """Run a tool and return what came of it.

        A worker that fails is a failed execution, like a tool that fails: never a 5xx,
        which clients would repeat.

        Raises:
            UnknownTool: no worker offers the tool.
            UserRequired: it needs a user and none is named.
            RequirementNotMet: it needs a secret or a provider that is not here.
            AuthorizationRequired: the user has to consent first.
        """
        started = self._clock.now()
        try:
            worker, tool = await self._catalog.find(call.tool)
            if tool.authorization is not None and not call.user_id:
                raise UserRequired("user_id is a required field")
            context = await self._requirements.context(tool, call.user_id)
            sent = self._sent(call, tool, context)
            success, output = await worker_client.invoke(self._client(), worker, sent)
        except WorkerFailed as failure:
            error = {
                "message": failure.message,
                "kind": "TOOL_RUNTIME_FATAL",
                "can_retry": failure.can_retry,
                "developer_message": failure.hint,
            }
            self._note(call, f"failed: {failure.advice}", problem=True)
            sent, success, output = {}, False, {"error": error}
        else:
            kind = "" if success else _error(output, call)["kind"]
            self._note(call, "completed" if success else f"failed: {kind}", problem=not success)
        return Outcome(
            success=success,
            output=_output(success, output, call),
            execution_id=sent["execution_id"] if success else "",
            started_at=started,
            finished_at=self._clock.now(),
        )

    def _sent(self, call: Call, tool: Tool, context: Json) -> Json:
        """Return what the worker is sent."""
        return {
            "run_id": self._ids.uuid4("run"),
            "execution_id": self._ids.base62("call", 30, prefix="tc_sandbox"),
            "created_at": format_timestamp(self._clock.now()),
            "tool": {"name": tool.name, "toolkit": tool.toolkit, "version": tool.version or None},
            "inputs": dict(call.inputs),
            "context": context,
        }

    def _note(self, call: Call, outcome: str, *, problem: bool) -> None:
        self._event_log.add("Arcade", f"{call.named} {outcome}", problem=problem)


def _output(success: bool, output: Json, call: Call) -> Json:
    shown = {"value": output.get("value")} if success else {"error": _error(output, call)}
    if isinstance(output.get("logs"), list) and output["logs"]:
        shown["logs"] = output["logs"]
    return shown


def _error(output: Json, call: Call) -> Json:
    """Return what a worker reported, its own kind of error kept; what is not set is left out."""
    sent = output.get("error")
    sent = sent if isinstance(sent, dict) else {}
    parts = (*_PARTS_OF_AN_ERROR, *(("stacktrace",) if call.stacktrace else ()))
    told = {name: sent[name] for name in parts if sent.get(name) is not None}
    return {"message": "the tool failed", "kind": "UNKNOWN", "can_retry": False} | told
