"""``/v1/formatted_tools``: tools in the form in which a language model takes them."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from ticktick_sandbox.arcade.api.errors import EngineError
from ticktick_sandbox.arcade.api.paging import paginate
from ticktick_sandbox.arcade.api.tool_schemas import MODELS, formatted
from ticktick_sandbox.arcade.api.tools import find_tool, listed_tools, tool_name


async def _list(request: Request) -> JSONResponse:
    name = _format(request)
    return paginate(request, await listed_tools(request), lambda tool: formatted(tool, name))


async def _get(request: Request) -> JSONResponse:
    name = _format(request)
    tool = await find_tool(request, tool_name(request.path_params["name"]))
    return JSONResponse(formatted(tool, name))


def _format(request: Request) -> str:
    """Return the wanted format; ``user_id`` changes nothing about it."""
    name = request.query_params.get("format") or "openai"
    if name not in MODELS:
        message = f"format knows {', '.join(MODELS)}, not {name!r}"
        raise EngineError(400, "malformed_request", message)
    return name


routes = [
    Route("/v1/formatted_tools", _list, methods=["GET"]),
    Route("/v1/formatted_tools/{name}", _get, methods=["GET"]),
]
