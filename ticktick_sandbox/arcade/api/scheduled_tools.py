"""``/v1/scheduled_tools``: which tools run later, and what came of those whose time is over.

The shapes are published. The names of the states and the order of the list are ours.
"""

from __future__ import annotations

from datetime import datetime

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from ticktick_sandbox.arcade.api.errors import EngineError
from ticktick_sandbox.arcade.api.paging import paginate
from ticktick_sandbox.arcade.engine.engine import engine_of
from ticktick_sandbox.arcade.engine.schedule import Attempt, Scheduled
from ticktick_sandbox.arcade.timestamps import format_timestamp
from ticktick_sandbox.shared.types import Json


async def _list(request: Request) -> JSONResponse:
    return paginate(request, engine_of(request).schedule.all(), _to_json)


async def _get(request: Request) -> JSONResponse:
    scheduled_id = request.path_params["id"]
    scheduled = engine_of(request).schedule.get(scheduled_id)
    if scheduled is None:  # the published description lists no 404 here
        raise EngineError(400, "bad_request", f"scheduled execution {scheduled_id!r} not found")
    attempts = [_attempt(attempt) for attempt in scheduled.attempts]
    more = {"input": dict(scheduled.call.inputs), "attempts": attempts}
    return JSONResponse(_to_json(scheduled) | more)


def _to_json(scheduled: Scheduled) -> Json:
    """Return a scheduled call as the list shows it; what is not known yet is left out."""
    tool = scheduled.tool
    shown = {
        "id": scheduled.id,
        "execution_type": "scheduled",
        "execution_status": scheduled.status,
        "tool_name": tool.name,
        "toolkit_name": tool.toolkit,
        "toolkit_version": tool.version or None,
        "user_id": scheduled.call.user_id,
        "run_at": format_timestamp(scheduled.run_at),
        "created_at": format_timestamp(scheduled.created_at),
        "updated_at": format_timestamp(scheduled.updated_at),
        "started_at": _stamp(scheduled.started_at),
        "finished_at": _stamp(scheduled.finished_at),
    }
    return {name: value for name, value in shown.items() if value is not None}


def _attempt(attempt: Attempt) -> Json:
    return {
        "id": attempt.id,
        "started_at": format_timestamp(attempt.outcome.started_at),
        "finished_at": format_timestamp(attempt.outcome.finished_at),
        "success": attempt.outcome.success,
        "output": attempt.outcome.output,
    }


def _stamp(moment: datetime | None) -> str | None:
    return format_timestamp(moment) if moment else None


routes = [
    Route("/v1/scheduled_tools", _list, methods=["GET"]),
    Route("/v1/scheduled_tools/{id}", _get, methods=["GET"]),
]
