"""The same API under an organisation and a project: ``/v1/orgs/{org}/projects/{project}/…``.

Clients of somebody who has logged in ask there: arcade-core rewrites each ``/v1/x``, and
the ``arcade`` command writes such paths itself. The sandbox has one project, which answers
to every name.
"""

from __future__ import annotations

import re

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

_SCOPED = re.compile(r"/v1/orgs/[^/]+/projects/[^/]+/(.+)", re.DOTALL)
_SECRETS = re.compile(r"\Asecrets(?=/|\Z)")
_MARK = "arcade.project"


class ProjectPaths:
    """Leads a project's paths to the plain ones, before anything else looks at them."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, its path rewritten if it is a project's."""
        scoped = _SCOPED.fullmatch(scope["path"])
        if scoped:
            # The arcade command leaves "admin" out before "secrets".
            rest = _SECRETS.sub("admin/secrets", scoped[1])
            scope = {**scope, "path": f"/v1/{rest}", _MARK: True}
        await self._app(scope, receive, send)


def is_scoped(request: Request) -> bool:
    """Return whether a request came by a project's path."""
    return _MARK in request.scope
