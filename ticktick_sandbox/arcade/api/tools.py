"""``/v1/tools``: which tools there are, authorizing a user for one, running one."""

from __future__ import annotations

from datetime import datetime

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from ticktick_sandbox.arcade.api.body import Body
from ticktick_sandbox.arcade.api.errors import EngineError, malformed, required
from ticktick_sandbox.arcade.api.paging import paginate
from ticktick_sandbox.arcade.api.query import flag
from ticktick_sandbox.arcade.api.tool_filter import BadFilter, MetadataFilter
from ticktick_sandbox.arcade.api.tool_schemas import FORMATS, tool_shape
from ticktick_sandbox.arcade.engine.catalog import UnknownTool
from ticktick_sandbox.arcade.engine.engine import engine_of
from ticktick_sandbox.arcade.engine.executions import Call, UserRequired
from ticktick_sandbox.arcade.engine.requirements import AuthorizationRequired, RequirementNotMet
from ticktick_sandbox.arcade.engine.tools import BadToolName, Tool, ToolName
from ticktick_sandbox.arcade.engine.worker_client import WorkerFailed
from ticktick_sandbox.arcade.timestamps import format_timestamp
from ticktick_sandbox.shared.types import Json


async def _list(request: Request) -> JSONResponse:
    engine = engine_of(request)
    formats, user_id = _formats(request), request.query_params.get("user_id")
    return paginate(
        request,
        await listed_tools(request),
        lambda tool: tool_shape(tool, engine.requirements, user_id=user_id, formats=formats),
    )


async def _get(request: Request) -> JSONResponse:
    engine = engine_of(request)
    formats, user_id = _formats(request), request.query_params.get("user_id")
    tool = await find_tool(request, tool_name(request.path_params["name"]))
    return JSONResponse(tool_shape(tool, engine.requirements, user_id=user_id, formats=formats))


async def _authorize(request: Request) -> JSONResponse:
    body = await Body.of(request)
    name = _named_in(body)
    user_id = body.text("user_id")
    next_uri = body.optional_url("next_uri")
    tool = await find_tool(request, name)
    try:
        answer = await engine_of(request).requirements.authorize(tool, user_id, next_uri)
    except RequirementNotMet as problem:
        raise _not_met(problem) from None
    return JSONResponse(answer)


async def _execute(request: Request) -> JSONResponse:
    body = await Body.of(request)
    call = Call(
        tool=_named_in(body),
        inputs=body.part("input").sent,
        user_id=body.optional_text("user_id"),
        stacktrace=body.flag("include_error_stacktrace"),
    )
    run_at = body.optional_moment("run_at")
    if run_at:
        return JSONResponse(await _schedule(request, call, run_at))
    try:
        return JSONResponse(await engine_of(request).executions.run(call))
    except UnknownTool as problem:
        raise _unknown(problem) from None
    except UserRequired:
        raise required("", "user_id") from None
    except RequirementNotMet as problem:
        raise _not_met(problem) from None
    except AuthorizationRequired as problem:
        raise EngineError(403, "tool_authorization_required", str(problem)) from None


async def _schedule(request: Request, call: Call, run_at: datetime) -> Json:
    """Keep a call for later and return the answer. A tool that nobody offers is refused."""
    engine = engine_of(request)
    now = engine.clock.now()
    if run_at < now:
        message = f"run_at is in the past: the sandbox's clock shows {format_timestamp(now)}"
        raise malformed("", "run_at", "future", message)
    tool = await find_tool(request, call.tool)
    if tool.authorization is not None and not call.user_id:
        raise required("", "user_id")
    scheduled = engine.schedule.add(call, tool, run_at)
    return {
        "id": scheduled.id,
        "execution_type": "scheduled",
        "run_at": format_timestamp(scheduled.run_at),
        "status": scheduled.status,
        "success": True,
    }


async def _requirements(request: Request) -> JSONResponse:
    body = await Body.of(request)
    names = [tool_name(name) for name in body.items("tool_names", str, "strings")]
    names += [_named_in(Body(tool, "tools")) for tool in body.items("tools", dict, "objects")]
    if not names:
        raise required("", "tool_names")
    user_id = body.optional_text("user_id")
    authorize = body.flag("authorize")
    if authorize and not user_id:
        raise required("", "user_id")
    found = [await find_tool(request, name) for name in names]
    tools = {tool.fully_qualified_name: tool for tool in found}.values()
    requirements = engine_of(request).requirements
    return JSONResponse(await requirements.together(tools, user_id, authorize=authorize))


async def find_tool(request: Request, name: ToolName) -> Tool:
    """Return the tool that is meant.

    Raises:
        EngineError: 400, no worker offers it, or one that might can't be asked.
    """
    try:
        _, tool = await engine_of(request).catalog.find(name)
    except UnknownTool as problem:
        raise _unknown(problem) from None
    except WorkerFailed as failure:
        raise EngineError(400, "tool_not_found", failure.advice) from None
    return tool


async def listed_tools(request: Request) -> list[Tool]:
    """Return the tools that the query asks for, by name.

    Without ``include_all_versions`` a tool comes once, as it runs when no version is named.

    Raises:
        EngineError: 400 for a filter or a flag that can't be understood.
    """
    toolkit = request.query_params.get("toolkit", "").lower()
    all_versions = flag(request, "include_all_versions")
    fitting = _filter(request)
    return [
        tool
        for tool in await engine_of(request).catalog.all(all_versions=all_versions)
        if (not toolkit or tool.toolkit.lower() == toolkit)
        and (fitting is None or fitting.fits(tool))
    ]


def _filter(request: Request) -> MetadataFilter | None:
    text = request.query_params.get("filter")
    try:
        return MetadataFilter(text) if text else None
    except BadFilter as problem:
        raise EngineError(400, "malformed_request", str(problem)) from None


def _named_in(body: Body) -> ToolName:
    return tool_name(
        body.text("tool_name"),
        body.optional_text("tool_version"),
    )


def tool_name(text: str, version: str | None = None) -> ToolName:
    """Read a tool's name.

    Raises:
        EngineError: 400, this can't be one.
    """
    try:
        return ToolName.parse(text, version or None)
    except BadToolName as problem:
        raise EngineError(400, "malformed_request", str(problem)) from None


def _formats(request: Request) -> list[str]:
    """Return the wanted formats, sent with commas between them or one by one."""
    sent = ",".join(request.query_params.getlist("include_format"))
    wanted = [name for name in sent.split(",") if name]
    for name in wanted:
        if name not in FORMATS:
            message = f"include_format knows {', '.join(FORMATS)}, not {name!r}"
            raise EngineError(400, "malformed_request", message)
    return wanted


def _unknown(problem: UnknownTool) -> EngineError:
    return EngineError(400, "tool_not_found", str(problem))


def _not_met(problem: RequirementNotMet) -> EngineError:
    return EngineError(400, "tool_requirements_not_met", str(problem))


routes = [
    Route("/v1/tools", _list, methods=["GET"]),
    Route("/v1/tools/authorize", _authorize, methods=["POST"]),
    Route("/v1/tools/execute", _execute, methods=["POST"]),
    Route("/v1/tools/requirements", _requirements, methods=["POST"]),
    Route("/v1/tools/{name}", _get, methods=["GET"]),
]
