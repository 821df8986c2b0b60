"""Connected users: what users have granted is listed and revoked by hand.

How the live page looks is not known, so its columns are those of the API.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from ticktick_sandbox.arcade.dashboard.pages import gone, own_form, render_page
from ticktick_sandbox.arcade.engine.authorizations import UnknownAuthorization
from ticktick_sandbox.arcade.engine.engine import engine_of

_LIST = "/dashboard/connected-users"


async def _list(request: Request) -> Response:
    connections = engine_of(request).authorizations.connections
    return render_page(
        request,
        "connected_users.html",
        connections=[(each, connections.ended(each)) for each in connections.all()],
    )


async def _revoke(request: Request) -> Response:
    await own_form(request)
    try:
        engine_of(request).authorizations.revoke(request.path_params["id"])
    except UnknownAuthorization:
        raise gone("connection", "Connected users") from None
    return RedirectResponse(f"{_LIST}?done=Revoked", status_code=303)


routes = [
    Route(_LIST, _list, methods=["GET"]),
    Route(f"{_LIST}/{{id}}/revoke", _revoke, methods=["POST"]),
]
