"""``/v1/workers``: list, create, read, change and delete workers, and see how they are."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ticktick_sandbox.arcade.api.body import Body
from ticktick_sandbox.arcade.api.errors import EngineError, get_or_404, malformed
from ticktick_sandbox.arcade.api.paging import paginate
from ticktick_sandbox.arcade.api.tool_schemas import tool_shape
from ticktick_sandbox.arcade.config.worker_parser import WorkerParser
from ticktick_sandbox.arcade.engine.engine import Engine, engine_of
from ticktick_sandbox.arcade.engine.tools import by_name
from ticktick_sandbox.arcade.engine.worker import Worker
from ticktick_sandbox.arcade.engine.worker_client import WorkerFailed
from ticktick_sandbox.shared.types import Json


async def _list(request: Request) -> JSONResponse:
    return paginate(request, engine_of(request).workers.all(), _to_json)


async def _create(request: Request) -> JSONResponse:
    worker = create(engine_of(request), (await Body.of(request)).sent)
    return JSONResponse(_to_json(worker), status_code=201)


def create(engine: Engine, sent: Json) -> Worker:
    """Add the worker that was sent and return it.

    Raises:
        EngineError: 400 for the first thing that is wrong with it.
    """
    _only_http(Body(sent))
    worker = _parsed(sent)
    if engine.workers.get(worker.id):
        message = f"a worker with the id {worker.id} exists: change it by PATCH, or delete it first"
        raise EngineError(400, "bad_request", message)
    engine.workers.put(worker)
    return worker


async def _get(request: Request) -> JSONResponse:
    return JSONResponse(_to_json(_worker(request)))


async def _patch(request: Request) -> JSONResponse:
    body = await Body.of(request)
    worker = _worker(request)
    _only_http(body)
    http = {
        "uri": worker.uri,
        "secret": worker.secret,
        "timeout": worker.timeout,
        "retry": worker.retry,
    }
    http |= {name: value for name, value in body.part("http").sent.items() if value is not None}
    enabled = body.flag("enabled", worker.enabled)
    changed = _parsed({"id": worker.id, "http": http, "enabled": enabled}, worker.origin)
    engine_of(request).workers.put(changed)
    return JSONResponse(_to_json(changed))


async def _delete(request: Request) -> Response:
    engine_of(request).workers.remove(_worker(request))
    return Response(status_code=204)


async def _health(request: Request) -> JSONResponse:
    worker = _worker(request)
    shown: Json = {"id": worker.id, "enabled": worker.enabled}
    try:
        await engine_of(request).workers.check(worker)
    except WorkerFailed as failure:
        return JSONResponse(shown | {"healthy": False, "message": failure.advice})
    return JSONResponse(shown | {"healthy": True, "message": "the worker answers"})


async def _tools(request: Request) -> JSONResponse:
    engine = engine_of(request)
    worker = _worker(request)
    try:
        tools = await engine.workers.ask_tools(worker)
    except WorkerFailed as failure:
        raise EngineError(400, "worker_unavailable", failure.advice) from None
    return paginate(request, by_name(tools), lambda tool: tool_shape(tool, engine.requirements))


async def _authorize(request: Request) -> JSONResponse:
    """Answer that nothing is left to consent to: only remote MCP servers ask for that."""
    return JSONResponse(
        {
            "worker_id": _worker(request).id,
            "user_id": engine_of(request).settings.account,
            "status": "completed",
            "scopes": [],
        }
    )


async def _test(request: Request) -> JSONResponse:
    body = await Body.of(request)
    body.text("type")
    _only_http(body)
    parser = WorkerParser()
    uri = parser.uri(parser.http(body.sent) or {})
    _refuse(parser)
    try:
        await engine_of(request).workers.try_uri(uri)
    except WorkerFailed as failure:
        return JSONResponse({"success": False, "message": failure.advice})
    return JSONResponse({"success": True, "message": "a worker answers there"})


def _worker(request: Request) -> Worker:
    worker_id = request.path_params["id"]
    return get_or_404(engine_of(request).workers.get(worker_id), "worker", worker_id)


def _parsed(sent: Json, origin: str = "project") -> Worker:
    parser = WorkerParser()
    worker = parser.worker(sent, origin)
    _refuse(parser)
    assert worker
    return worker


def _refuse(parser: WorkerParser) -> None:
    """Raise what is wrong first, if anything is."""
    for problem in parser.problems:
        path, _, field = problem.field.rpartition(".")
        raise malformed(path, field, problem.rule, problem.text)


def _only_http(body: Body) -> None:
    kind = body.optional_text("type") or "http"
    if kind == "mcp" or body.sent.get("mcp") is not None:
        message = (
            "the sandbox does not imitate remote MCP servers: "
            "serve the tools from a worker and add it with the type http"
        )
        raise malformed("", "type", "oneof", message)
    if kind != "http":
        message = f"the sandbox knows workers of the type http only, not {kind!r}"
        raise malformed("", "type", "oneof", message)


def _to_json(worker: Worker) -> Json:
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
