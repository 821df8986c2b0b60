"""``/v1/tools``: which tools there are, authorizing a user for one, running one."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from sandbox.arcade import fields
from sandbox.arcade.catalogue import UnknownTool
from sandbox.arcade.engine import engine_of
from sandbox.arcade.errors import EngineError, json_body, malformed, required
from sandbox.arcade.executions import Call, UserRequired
from sandbox.arcade.paging import page
from sandbox.arcade.reading import is_absolute
from sandbox.arcade.requirements import AuthorizationRequired, NotMet
from sandbox.arcade.tool_shape import FORMATS, tool_shape
from sandbox.arcade.tools import BadToolName, Tool, ToolName
from sandbox.arcade.worker_protocol import WorkerFailed

Json = dict[str, Any]


async def _list(request: Request) -> JSONResponse:
    engine = engine_of(request)
    formats, user_id = _formats(request), request.query_params.get("user_id")
    toolkit = request.query_params.get("toolkit", "").lower()
    tools = [
        tool
        for tool in await engine.catalogue.all()
        if not toolkit or tool.toolkit.lower() == toolkit
    ]
    return page(
        request,
        tools,
        lambda tool: tool_shape(tool, engine.requirements, user_id=user_id, formats=formats),
    )


async def _get(request: Request) -> JSONResponse:
    engine = engine_of(request)
    formats, user_id = _formats(request), request.query_params.get("user_id")
    tool = await _find(request, _name(request.path_params["name"]))
    return JSONResponse(tool_shape(tool, engine.requirements, user_id=user_id, formats=formats))


async def _authorize(request: Request) -> JSONResponse:
    body = await json_body(request)
    name = _named_in(body)
    user_id = fields.text(body, "user_id")
    next_uri = fields.optional_text(body, "next_uri")
    if next_uri is not None and not is_absolute(next_uri):
        raise malformed("", "next_uri", "url", "next_uri must be a complete http or https URL")
    tool = await _find(request, name)
    try:
        answer = await engine_of(request).requirements.authorize(tool, user_id, next_uri)
    except NotMet as problem:
        raise _not_met(problem) from None
    return JSONResponse(answer)


async def _execute(request: Request) -> JSONResponse:
    body = await json_body(request)
    call = Call(
        tool=_named_in(body),
        inputs=fields.mapping(body, "input") or {},
        user_id=fields.optional_text(body, "user_id"),
        stacktrace=fields.flag(body, "include_error_stacktrace", False),
    )
    if body.get("run_at"):
        message = "the sandbox runs tools at once only: leave run_at out"
        raise malformed("", "run_at", "unsupported", message)
    try:
        return JSONResponse(await engine_of(request).executions.run(call))
    except UnknownTool as problem:
        raise _unknown(problem) from None
    except UserRequired:
        raise required("", "user_id") from None
    except NotMet as problem:
        raise _not_met(problem) from None
    except AuthorizationRequired:
        raise EngineError(403, "tool_authorization_required", "authorization required") from None


async def _find(request: Request, name: ToolName) -> Tool:
    try:
        _, tool = await engine_of(request).catalogue.find(name)
    except UnknownTool as problem:
        raise _unknown(problem) from None
    except WorkerFailed as failure:
        message = f"{failure.message}. {failure.hint}"
        raise EngineError(400, "tool_not_found", message) from None
    return tool


def _named_in(body: Json) -> ToolName:
    return _name(fields.text(body, "tool_name"), fields.optional_text(body, "tool_version"))


def _name(text: str, version: str | None = None) -> ToolName:
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


def _not_met(problem: NotMet) -> EngineError:
    return EngineError(400, "tool_requirements_not_met", str(problem))


routes = [
    Route("/v1/tools", _list, methods=["GET"]),
    Route("/v1/tools/authorize", _authorize, methods=["POST"]),
    Route("/v1/tools/execute", _execute, methods=["POST"]),
    Route("/v1/tools/{name}", _get, methods=["GET"]),
]
