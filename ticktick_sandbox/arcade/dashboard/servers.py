"""Servers: workers are listed, added, looked at and deleted by hand."""

from __future__ import annotations

import re

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from ticktick_sandbox.arcade.api.errors import EngineError
from ticktick_sandbox.arcade.api.workers import create
from ticktick_sandbox.arcade.dashboard.pages import get_or_404, own_form, render_page
from ticktick_sandbox.arcade.engine.engine import engine_of
from ticktick_sandbox.arcade.engine.tools import Tool, by_name
from ticktick_sandbox.arcade.engine.worker import Worker
from ticktick_sandbox.arcade.engine.worker_client import WorkerFailed

_LIST = "/dashboard/servers"
_BLANK = {"id": "", "uri": "", "timeout": "30", "retry": "3"}


async def _list(request: Request) -> Response:
    return render_page(request, "servers.html", workers=engine_of(request).workers.all())


async def _new(request: Request) -> Response:
    return render_page(request, "new_server.html", typed=_BLANK, error="")


async def _add(request: Request) -> Response:
    form = await own_form(request)
    typed = {name: form.get(name, "").strip() for name in _BLANK}
    http = {
        "uri": typed["uri"],
        "secret": form.get("secret", ""),
        "timeout": _number(typed["timeout"]),
        "retry": _number(typed["retry"]),
    }
    try:
        worker = create(engine_of(request), {"id": typed["id"], "http": http})
    except EngineError as problem:
        return render_page(
            request, "new_server.html", status=400, typed=typed, error=problem.reason
        )
    return RedirectResponse(f"{_LIST}/{worker.id}", status_code=303)


async def _show(request: Request) -> Response:
    worker = _worker(request)
    tools: list[Tool] = []
    failure: WorkerFailed | None = None
    try:
        tools = await engine_of(request).workers.ask_tools(worker)
    except WorkerFailed as problem:
        failure = problem
    return render_page(request, "server.html", worker=worker, tools=by_name(tools), failure=failure)


async def _delete(request: Request) -> Response:
    await own_form(request)
    engine_of(request).workers.remove(_worker(request))
    return RedirectResponse(f"{_LIST}?done=Deleted", status_code=303)


def _number(text: str) -> int | str:
    return int(text) if re.fullmatch("[0-9]{1,9}", text) else text


def _worker(request: Request) -> Worker:
    found = engine_of(request).workers.get(request.path_params["id"])
    return get_or_404(found, "server", "Servers")


routes = [
    Route(_LIST, _list, methods=["GET"]),
    Route(f"{_LIST}/new", _new, methods=["GET"]),
    Route(f"{_LIST}/new", _add, methods=["POST"]),
    Route(f"{_LIST}/{{id}}", _show, methods=["GET"]),
    Route(f"{_LIST}/{{id}}/delete", _delete, methods=["POST"]),
]
