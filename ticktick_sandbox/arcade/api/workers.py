"""``/v1/workers``: list, create, read, change and delete workers, and see how they are."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ticktick_sandbox.arcade.api import body as fields
from ticktick_sandbox.arcade.api.errors import EngineError, json_body, malformed, required
from ticktick_sandbox.arcade.api.paging import page
from ticktick_sandbox.arcade.api.tool_schemas import tool_shape
from ticktick_sandbox.arcade.engine.engine import Engine, engine_of
from ticktick_sandbox.arcade.engine.tools import by_name
from ticktick_sandbox.arcade.engine.worker_client import WorkerFailed
from ticktick_sandbox.arcade.engine.workers import (
    LONGEST_TIMEOUT,
    MOST_RETRIES,
    WORKER_ID,
    BadAddress,
    Worker,
    address,
)

Json = dict[str, Any]


async def _list(request: Request) -> JSONResponse:
    return page(request, engine_of(request).workers.all(), _shown)


async def _create(request: Request) -> JSONResponse:
    worker = create(engine_of(request), await json_body(request))
    return JSONResponse(_shown(worker), status_code=201)


def create(engine: Engine, body: Json) -> Worker:
    """Add the worker that ``body`` describes and return it.

    Raises:
        EngineError: 400 for the first thing that is wrong with it.
    """
    worker_id = fields.text(body, "id", longest=100)
    if not WORKER_ID.fullmatch(worker_id):
        message = "an id has letters, digits, underscores and hyphens"
        raise malformed("", "id", "invalid", message)
    if engine.workers.get(worker_id):
        message = f"a worker with the id {worker_id} exists: change it by PATCH, or delete it first"
        raise EngineError(400, "bad_request", message)
    _only_http(body)
    http = fields.mapping(body, "http")
    if http is None:
        raise required("", "http")
    worker = _read(worker_id, http, enabled=fields.flag(body, "enabled", True))
    engine.workers.put(worker)
    return worker


async def _get(request: Request) -> JSONResponse:
    return JSONResponse(_shown(_known(request)))


async def _patch(request: Request) -> JSONResponse:
    body = await json_body(request)
    worker = _known(request)
    _only_http(body)
    sent = fields.mapping(body, "http") or {}
    before = {
        "uri": worker.uri,
        "secret": worker.secret,
        "timeout": worker.timeout,
        "retry": worker.retry,
    }
    http = before | {name: value for name, value in sent.items() if value is not None}
    changed = _read(worker.id, http, enabled=fields.flag(body, "enabled", worker.enabled))
    changed = replace(changed, origin=worker.origin)
    engine_of(request).workers.put(changed)
    return JSONResponse(_shown(changed))


async def _delete(request: Request) -> Response:
    engine_of(request).workers.remove(_known(request))
    return Response(status_code=204)


async def _health(request: Request) -> JSONResponse:
    worker = _known(request)
    shown: Json = {"id": worker.id, "enabled": worker.enabled}
    try:
        await engine_of(request).workers.check(worker)
    except WorkerFailed as failure:
        message = f"{failure.message}. {failure.hint}"
        return JSONResponse(shown | {"healthy": False, "message": message})
    return JSONResponse(shown | {"healthy": True, "message": "the worker answers"})


async def _tools(request: Request) -> JSONResponse:
    engine = engine_of(request)
    worker = _known(request)
    try:
        tools = await engine.workers.ask_tools(worker)
    except WorkerFailed as failure:
        message = f"{failure.message}. {failure.hint}"
        raise EngineError(400, "worker_unavailable", message) from None
    return page(request, by_name(tools), lambda tool: tool_shape(tool, engine.requirements))


async def _authorize(request: Request) -> JSONResponse:
    """Answer that nothing is left to consent to: only remote MCP servers ask for that."""
    return JSONResponse(
        {
            "worker_id": _known(request).id,
            "user_id": engine_of(request).settings.account,
            "status": "completed",
            "scopes": [],
        }
    )


async def _test(request: Request) -> JSONResponse:
    body = await json_body(request)
    fields.text(body, "type")
    _only_http(body)
    http = fields.mapping(body, "http")
    if http is None:
        raise required("", "http")
    try:
        await engine_of(request).workers.try_uri(_uri(http))
    except WorkerFailed as failure:
        message = f"{failure.message}. {failure.hint}"
        return JSONResponse({"success": False, "message": message})
    return JSONResponse({"success": True, "message": "a worker answers there"})


def _known(request: Request) -> Worker:
    worker_id = request.path_params["id"]
    worker = engine_of(request).workers.get(worker_id)
    if worker is None:
        raise EngineError(404, "not_found", f"worker {worker_id!r} not found")
    return worker


def _only_http(body: Json) -> None:
    kind = fields.optional_text(body, "type") or "http"
    if kind == "mcp" or body.get("mcp") is not None:
        message = (
            "the sandbox does not imitate remote MCP servers: "
            "serve the tools from a worker and add it with the type http"
        )
        raise malformed("", "type", "oneof", message)
    if kind != "http":
        message = f"the sandbox knows workers of the type http only, not {kind!r}"
        raise malformed("", "type", "oneof", message)


def _read(worker_id: str, http: Json, *, enabled: bool) -> Worker:
    return Worker(
        id=worker_id,
        uri=_uri(http),
        secret=fields.text(http, "secret", path="http", longest=100),
        timeout=fields.number(http, "timeout", path="http", least=1, most=LONGEST_TIMEOUT),
        retry=fields.number(http, "retry", path="http", least=0, most=MOST_RETRIES),
        enabled=enabled,
    )


def _uri(http: Json) -> str:
    """Return a worker's address, without a slash at its end."""
    uri = fields.text(http, "uri", path="http", longest=2048)
    try:
        return address(uri)
    except BadAddress as problem:
        raise malformed("http", "uri", problem.rule, str(problem)) from None


def _shown(worker: Worker) -> Json:
    """Return a worker as the API shows it: no secret, only that there is one."""
    return {
        "id": worker.id,
        "type": "http",
        "enabled": worker.enabled,
        "managed": False,
        "binding": {"id": "sandbox", "type": worker.origin},
        "http": {
            "uri": worker.uri,
            "secret": {"exists": True, "editable": True, "binding": worker.origin},
            "timeout": worker.timeout,
            "retry": worker.retry,
        },
        "requirements": {"met": True},
    }


routes = [
    Route("/v1/workers", _list, methods=["GET"]),
    Route("/v1/workers", _create, methods=["POST"]),
    Route("/v1/workers/test", _test, methods=["POST"]),
    Route("/v1/workers/{id}", _get, methods=["GET"]),
    Route("/v1/workers/{id}", _patch, methods=["PATCH"]),
    Route("/v1/workers/{id}", _delete, methods=["DELETE"]),
    Route("/v1/workers/{id}/authorize", _authorize, methods=["GET"]),
    Route("/v1/workers/{id}/health", _health, methods=["GET"]),
    Route("/v1/workers/{id}/tools", _tools, methods=["GET"]),
]
