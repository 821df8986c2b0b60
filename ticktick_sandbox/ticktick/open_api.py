"""The Open API at ``/open/v1``: the core endpoints, the Inbox, members, three lists of tasks.

Who asks is settled before which path is meant, both scopes are enforced, and most
errors are HTTP 500 with an ``errorCode``, all as reported of the real service.
"""

from __future__ import annotations

import json
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route
from starlette.types import Receive, Scope, Send

from ticktick_sandbox.shared.ids import Ids
from ticktick_sandbox.ticktick.grants import Token
from ticktick_sandbox.ticktick.service import TickTick
from ticktick_sandbox.ticktick.tasks import ApiError

_HEADERS = {
    "Cache-Control": "no-cache, no-store, max-age=0, must-revalidate",
    "Content-Type": "application/json;charset=UTF-8",
    "Expires": "0",
    "Pragma": "no-cache",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


def _json(body: object, status: int = 200, **headers: str) -> Response:
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    content = text.encode(errors="replace")  # JSON may hold half a character, UTF-8 may not
    return Response(content, status_code=status, headers=_HEADERS | headers)


def _nothing() -> Response:
    """Return the empty answer, which names no content type: clients parse JSON by it."""
    return Response(headers={n: v for n, v in _HEADERS.items() if n != "Content-Type"})


# Endpoints of the 2026 edition that are not here, and that a route for ids would take.
_LEFT_OUT = {
    "/project/group",
    *(f"/task/{name}" for name in ("assign", "batch", "completeTasks", "search", "unassign")),
    "/task/undone",
}


_KNOWN_TO_FAIL = ("GET", "/preference")  # takes POST alone, and POST is not here

_READ_BY_POST = ("/task/completed", "/task/filter")


class OpenApi:
    """The ASGI application of the API: authenticates, then routes, then checks the scope."""

    def __init__(self, ticktick: TickTick, ids: Ids) -> None:
        self._ticktick = ticktick
        self._ids = ids

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        response = await self._answer(request)
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        token = self._authenticate(request)
        if isinstance(token, Response):
            return token
        if not self._ticktick.takes_one_more(token.account):
            most = self._ticktick.requests_per_minute
            self._ticktick.note(f"{token.account.email} asks more than {most} times", problem=True)
            text = f"Query rate limit exceeded. Maximum {most} requests per minute."
            return self._error("exceed_query_limit", text)
        route = self._route(request.scope)
        if isinstance(route, Response):
            return route
        reads = request.method == "GET" or route.path in _READ_BY_POST
        needed = "tasks:read" if reads else "tasks:write"
        if needed not in token.scopes:
            self._ticktick.note(
                f"{request.method} {request.url.path} needs {needed}; "
                f"the token has {' '.join(token.scopes)}",
                problem=True,
            )
            return self._error("access_forbidden", "access_forbidden")
        request.state.account = token.account
        request.state.tasks = self._ticktick.tasks_of(token.account)
        try:
            return await route.endpoint(request)
        except ApiError as refusal:
            return self._error(refusal.code, str(refusal), refusal.status)

    def _authenticate(self, request: Request) -> Token | Response:
        kind, _, value = request.headers.get("authorization", "").partition(" ")
        if kind.lower() != "bearer" or not value.strip():
            return _unauthorized(
                "unauthorized", "Full authentication is required to access this resource"
            )
        value = value.strip()
        token = self._ticktick.grants.token(value)
        if token is None:
            return _unauthorized("invalid_token", f"Invalid access token: {value}")
        if self._ticktick.grants.expired(token):
            return _unauthorized("invalid_token", f"Access token expired: {value}")
        return token

    def _route(self, scope: Scope) -> Route | Response:
        method_differs = False
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        for route in () if path in _LEFT_OUT else routes:
            match, child = route.matches(scope)
            if match is Match.FULL:
                scope.update(child)
                return route
            method_differs = method_differs or match is Match.PARTIAL
        asked = f"{scope['method']} {scope['path']}"
        self._ticktick.note(f"{asked} is not an endpoint that the sandbox knows", problem=True)
        if method_differs or (scope["method"], path) == _KNOWN_TO_FAIL:
            return self._error("unknown_exception", "Unknown exception")
        return self._error("not_found", f"the sandbox has no endpoint {asked}", status=404)

    def _error(self, code: str, message: str, status: int = 500) -> Response:
        body = {
            "errorId": f"{self._ids.base36('error', 8)}@sandbox",
            "errorCode": code,
            "errorMessage": message,
            "data": None,
        }
        return _json(body, status)


def _unauthorized(error: str, description: str) -> Response:
    challenge = f'Bearer realm="sandbox", error="{error}", error_description="{description}"'
    body = {"error": error, "error_description": description}
    return _json(body, 401, **{"WWW-Authenticate": challenge})


async def _sent_json(request: Request) -> Any:
    try:
        return json.loads(await request.body())
    except (RecursionError, ValueError):
        raise ApiError("param_error", "the body is not JSON") from None


async def _sent(request: Request) -> dict[str, Any]:
    sent = await _sent_json(request)
    if not isinstance(sent, dict):
        raise ApiError("param_error", "the body is not a JSON object")
    return sent


async def _list_projects(request: Request) -> Response:
    projects = request.state.tasks.projects()
    query = request.query_params
    if "offset" in query or "limit" in query:
        try:
            offset, limit = int(query.get("offset", 0)), int(query.get("limit", 200))
        except ValueError:
            raise ApiError("param_error", "offset and limit are whole numbers") from None
        projects = projects[max(offset, 0) : max(offset, 0) + max(limit, 0)]
    return _json(projects)


async def _get_project(request: Request) -> Response:
    project_id = request.path_params["project_id"]
    project = request.state.tasks.project(project_id)
    if project is None:
        raise _no_project(project_id)
    return _json(project)


def _no_project(project_id: str) -> ApiError:
    return ApiError("not_found", f"no project has the id {project_id}", 404)


async def _get_members(request: Request) -> Response:
    """Answer with the one member that each project has here: its owner."""
    account, project_id = request.state.account, request.path_params["project_id"]
    inbox = project_id in ("inbox", account.inbox_id)
    if not inbox and request.state.tasks.project(project_id) is None:
        raise _no_project(project_id)
    return _json([{"username": account.email, "displayName": account.name, "self": True}])


async def _get_project_data(request: Request) -> Response:
    return _json(request.state.tasks.project_data(request.path_params["project_id"]))


async def _create_project(request: Request) -> Response:
    sent = await _sent(request)
    return _json(request.state.tasks.create_project(sent))


async def _update_project(request: Request) -> Response:
    sent, project_id = await _sent(request), request.path_params["project_id"]
    return _json(request.state.tasks.update_project(project_id, sent))


async def _delete_project(request: Request) -> Response:
    request.state.tasks.delete_project(request.path_params["project_id"])
    return _nothing()


async def _get_task(request: Request) -> Response:
    found = request.state.tasks.task(**request.path_params)
    return _json(found) if found else _nothing()


async def _create_task(request: Request) -> Response:
    sent = await _sent(request)
    return _json(request.state.tasks.create_task(sent))


async def _update_task(request: Request) -> Response:
    sent, task = await _sent(request), request.path_params["task_id"]
    changed = request.state.tasks.update_task(task, sent)
    return _json(changed) if changed else _nothing()


async def _move_tasks(request: Request) -> Response:
    sent = await _sent_json(request)
    if not isinstance(sent, list) or not all(isinstance(move, dict) for move in sent):
        raise ApiError("param_error", "the body is not a list of JSON objects")
    return _json(request.state.tasks.move_tasks(sent))


async def _completed_tasks(request: Request) -> Response:
    return _json(request.state.tasks.completed_tasks(await _sent(request)))


async def _filtered_tasks(request: Request) -> Response:
    return _json(request.state.tasks.filtered_tasks(await _sent(request)))


async def _complete_task(request: Request) -> Response:
    request.state.tasks.complete_task(**request.path_params)
    return _nothing()


async def _delete_task(request: Request) -> Response:
    request.state.tasks.delete_task(**request.path_params)
    return _nothing()


routes = [
    Route("/project", _list_projects, methods=["GET"]),
    Route("/project", _create_project, methods=["POST"]),
    Route("/project/{project_id}", _get_project, methods=["GET"]),
    Route("/project/{project_id}", _update_project, methods=["POST"]),
    Route("/project/{project_id}", _delete_project, methods=["DELETE"]),
    Route("/project/{project_id}/data", _get_project_data, methods=["GET"]),
    Route("/project/{project_id}/members", _get_members, methods=["GET"]),
    Route("/project/{project_id}/task/{task_id}", _get_task, methods=["GET"]),
    Route("/project/{project_id}/task/{task_id}", _delete_task, methods=["DELETE"]),
    Route("/project/{project_id}/task/{task_id}/complete", _complete_task, methods=["POST"]),
    Route("/task", _create_task, methods=["POST"]),
    Route("/task/completed", _completed_tasks, methods=["POST"]),
    Route("/task/filter", _filtered_tasks, methods=["POST"]),
    Route("/task/move", _move_tasks, methods=["POST"]),
    Route("/task/{task_id}", _update_task, methods=["POST"]),
]
