"""What of the Engine's API the sandbox leaves out, and says so.

The list for readers, in docs/reference/behaviours.md, is built from the table here.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ticktick_sandbox.arcade.api.errors import EngineError
from ticktick_sandbox.arcade.api.project_paths import is_scoped

PROJECT = "/v1/orgs/{org}/projects/{project}"
_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


@dataclass(frozen=True)
class Part:
    """A part of the API: what it is for, and its path after ``/v1``.

    ``project_only`` tells what answers live under a project's path alone.
    """

    name: str
    path: str
    project_only: bool = False

    @property
    def shown_path(self) -> str:
        """The whole path, as it is told to readers."""
        return f"{PROJECT if self.project_only else '/v1'}{self.path}"


PARTS = (
    Part("chat completions", "/chat/completions"),
    Part("hooks", "/hooks"),
    Part("plugins", "/plugins", project_only=True),
    Part("gateways", "/gateways", project_only=True),
    Part("the description of the API", "/swagger"),
)


def _refusal(part: Part) -> Callable[[Request], Awaitable[Response]]:
    # 400, since clients repeat 408, 409, 429 and everything from 500 on, and programs that
    # tidy up take a 404 for "already gone".
    async def refuse(request: Request) -> Response:
        if part.project_only and not is_scoped(request):
            raise HTTPException(404)
        message = (
            f"the sandbox does not imitate {part.name} ({part.shown_path}). What else it "
            'leaves out stands in docs/reference/behaviours.md, under "What is not imitated"'
        )
        raise EngineError(400, "not_imitated", message)

    return refuse


routes = [
    Route(f"/v1{part.path}{below}", _refusal(part), methods=_METHODS)
    for part in PARTS
    for below in ("", "/{below:path}")
]
