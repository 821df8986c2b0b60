"""Secrets: what tools may ask for is listed, added, replaced and deleted by hand."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from ticktick_sandbox.arcade.api.body import Body
from ticktick_sandbox.arcade.api.errors import EngineError
from ticktick_sandbox.arcade.api.secrets import upsert
from ticktick_sandbox.arcade.dashboard.pages import gone, own_form, render_page
from ticktick_sandbox.arcade.engine.engine import engine_of

_LIST = "/dashboard/secrets"


async def _list(request: Request) -> Response:
    secrets = engine_of(request).secrets.all()
    return render_page(request, "secrets.html", secrets=secrets)


async def _new(request: Request) -> Response:
    return render_page(
        request, "new_secret.html", typed={"key": request.query_params.get("key", "")}
    )


async def _add(request: Request) -> Response:
    form = await own_form(request)
    typed = {name: form.get(name, "").strip() for name in ("key", "description")}
    body = {"value": form.get("value", ""), "description": typed["description"]}
    try:
        upsert(engine_of(request), typed["key"], Body(body))
    except EngineError as problem:
        return render_page(
            request, "new_secret.html", status=400, typed=typed, error=problem.reason
        )
    return RedirectResponse(f"{_LIST}?done=Saved", status_code=303)


async def _delete(request: Request) -> Response:
    await own_form(request)
    try:
        engine_of(request).secrets.remove(request.path_params["id"])
    except KeyError:
        raise gone("secret", "Secrets") from None
    return RedirectResponse(f"{_LIST}?done=Deleted", status_code=303)


routes = [
    Route(_LIST, _list, methods=["GET"]),
    Route(f"{_LIST}/new", _new, methods=["GET"]),
    Route(f"{_LIST}/new", _add, methods=["POST"]),
    Route(f"{_LIST}/{{id}}/delete", _delete, methods=["POST"]),
]
