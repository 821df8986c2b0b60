"""The dashboard at ``/dashboard``, where a person does what the API does, with the mouse.

What stands where is known from screenshots of the live dashboard. One module a page; each has
its ``routes``.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ticktick_sandbox.arcade.dashboard import (
    connected_apps,
    connected_users,
    playground,
    secrets,
    servers,
    user_verification,
)
from ticktick_sandbox.arcade.dashboard.pages import PageError, problem_page, render_page
from ticktick_sandbox.arcade.engine.engine import engine_of


async def _start(request: Request) -> Response:
    return render_page(request, "start.html", engine=engine_of(request))


routes = [
    Route("/dashboard", _start, methods=["GET"]),
    *playground.routes,
    *servers.routes,
    *secrets.routes,
    *connected_apps.routes,
    *connected_users.routes,
    *user_verification.routes,
]

__all__ = ["PageError", "problem_page", "routes"]
