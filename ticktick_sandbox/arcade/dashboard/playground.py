"""The playground: a tool is run for a user, after the user has allowed it.

That the live dashboard has one is known; how it looks is not, so the layout is ours.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ticktick_sandbox.arcade.dashboard.pages import PageError, own_form, render_page
from ticktick_sandbox.arcade.engine.catalog import UnknownTool
from ticktick_sandbox.arcade.engine.engine import engine_of
from ticktick_sandbox.arcade.engine.executions import Call
from ticktick_sandbox.arcade.engine.requirements import AuthorizationRequired, RequirementNotMet
from ticktick_sandbox.arcade.engine.tools import BadToolName, Tool, ToolName
from ticktick_sandbox.arcade.engine.worker_client import WorkerFailed
from ticktick_sandbox.arcade.strict_json import read_json

_HOME = "/dashboard/playground"
_INPUT = "input."  # before a parameter's name, so that none is mistaken for a field of ours


class NotThis(ValueError):
    """What was typed for a parameter is nothing of its type; the text says what is."""

    def __init__(self, name: str, text: str) -> None:
        super().__init__(f"{name} {text}.")
        self.name = name


async def _choose(request: Request) -> Response:
    return render_page(request, "playground.html", tools=await engine_of(request).catalog.all())


async def _show(request: Request) -> Response:
    tool = await _tool(request)
    account = engine_of(request).settings.account
    return _page(request, tool, {"user_id": account} | dict(request.query_params))


async def _run(request: Request) -> Response:
    form = await own_form(request)
    engine = engine_of(request)
    tool = await _tool(request)
    user_id = form.get("user_id", "").strip()
    if not user_id:
        return _page(request, tool, form, status=400, wrong="user_id", error="User ID is required.")
    try:
        inputs = _inputs(tool, form)
    except NotThis as problem:
        return _page(request, tool, form, status=400, wrong=problem.name, error=str(problem))
    back = f"{engine.settings.base_url}{_HOME}/{tool.qualified_name}?{_typed(form)}"
    try:
        asked = await engine.requirements.authorize(tool, user_id, back)
        if asked["status"] != "completed":
            return _page(request, tool, form, asked=asked)
        call = Call(ToolName.parse(tool.qualified_name), inputs, user_id)
        result = await engine.executions.run(call)
    except (RequirementNotMet, AuthorizationRequired) as problem:
        return _page(request, tool, form, status=400, error=f"{problem}.")
    except UnknownTool:
        raise _no_such_tool() from None
    return _page(request, tool, form, result=result, output=_pretty(result["output"]))


async def _tool(request: Request) -> Tool:
    try:
        name = ToolName.parse(request.path_params["name"])
        _, tool = await engine_of(request).catalog.find(name)
    except (BadToolName, UnknownTool):
        raise _no_such_tool() from None
    except WorkerFailed as failure:
        raise PageError(
            404, "The server does not answer", f"{failure.message}.", failure.hint
        ) from None
    return tool


def _no_such_tool() -> PageError:
    return PageError(
        404,
        "No such tool",
        "No enabled server offers it.",
        "Choose one in the Playground, or add the server that has it under Servers.",
    )


def _page(
    request: Request, tool: Tool, typed: Mapping[str, str], *, status: int = 200, **more: Any
) -> Response:
    """Return a tool's form with what was typed, and below it what came of it.

    ``more`` has the name of the field that is ``wrong`` and the ``error``, or what was
    ``asked`` of the user, or the ``result`` with its ``output``.
    """
    nothing = {"wrong": "", "error": "", "asked": None, "result": None, "output": ""}
    shown = nothing | {"tool": tool, "typed": typed, "prefix": _INPUT} | more
    return render_page(request, "playground_tool.html", status=status, **shown)


def _inputs(tool: Tool, form: Mapping[str, str]) -> dict[str, Any]:
    """Return what was typed, as the parameters' types; what is empty is left out.

    Raises:
        NotThis: a parameter that is required is empty, or one is not of its type.
    """
    inputs: dict[str, Any] = {}
    for parameter in tool.described["input"]["parameters"]:
        name = parameter["name"]
        text = form.get(_INPUT + name, "")
        if text.strip():
            inputs[name] = _value(name, parameter["value_schema"]["val_type"], text)
        elif parameter.get("required"):
            raise NotThis(name, "is required")
    return inputs


def _value(name: str, kind: str, text: str) -> Any:
    if kind == "string":
        return text
    wanted, what = {
        "integer": (int, "is a whole number"),
        "number": ((int, float), "is a number"),
        "boolean": (bool, "is true or false"),
        "array": (list, "is a list in JSON, such as [1, 2]"),
    }.get(kind, (dict, 'is an object in JSON, such as {"key": "value"}'))
    try:
        value = read_json(text)
    except ValueError:
        raise NotThis(name, what) from None
    if not isinstance(value, wanted) or (isinstance(value, bool) and wanted is not bool):
        raise NotThis(name, what)
    return value


def _typed(form: Mapping[str, str]) -> str:
    """Return what was typed as a query, so that it is there again after consent."""
    kept = {name: text for name, text in form.items() if name.startswith(_INPUT) and text}
    return urlencode({"user_id": form["user_id"].strip()} | kept)


def _pretty(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


routes = [
    Route(_HOME, _choose, methods=["GET"]),
    Route(f"{_HOME}/{{name}}", _show, methods=["GET"]),
    Route(f"{_HOME}/{{name}}", _run, methods=["POST"]),
]
