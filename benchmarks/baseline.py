"""What the sandbox is measured against: the same four requests on Starlette and no more.

``python -m benchmarks.baseline PORT`` serves it with the sandbox's own uvicorn settings.
"""

from __future__ import annotations

import secrets
import sys
import uuid
from urllib.parse import parse_qsl, urlencode

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

CLIENT_ID, CLIENT_SECRET = "bare", "bare-secret"
QUERY = {
    "client_id": CLIENT_ID,
    "redirect_uri": "http://localhost/callback",
    "response_type": "code",
    "scope": "tasks:read tasks:write",
    "state": "5d1e3a52-0f9c-4a57-9d3c-3f3f1f0c7f10",
}
_FIELDS = QUERY | {"session": "bare-session"}
_HIDDEN = "".join(f'<input type="hidden" name="{n}" value="{v}">' for n, v in _FIELDS.items())
_PAGE = (
    "<!doctype html><title>Allow bare?</title><h1>Bare wants to access your account</h1>"
    f'<form method="post">{_HIDDEN}<button name="user_oauth_approval" value="true">Allow</button>'
    "</form>"
)
_PROJECTS = [
    {"id": f"{number:024x}", "name": f"Project {number}", "viewMode": "list", "kind": "TASK"}
    for number in range(4)
]

_codes: set[str] = set()
_tokens: set[str] = set()


async def _form(request: Request) -> dict[str, str]:
    return dict(parse_qsl((await request.body()).decode()))


async def _home(request: Request) -> JSONResponse:
    return JSONResponse({"healthy": True})


async def _authorize(request: Request) -> HTMLResponse:
    return HTMLResponse(_PAGE)


async def _approve(request: Request) -> RedirectResponse:
    form = await _form(request)
    code = secrets.token_hex(3)
    _codes.add(code)
    query = urlencode({"code": code, "state": form["state"]})
    return RedirectResponse(f"{form['redirect_uri']}?{query}", status_code=302)


async def _token(request: Request) -> JSONResponse:
    _codes.remove((await _form(request))["code"])
    token = str(uuid.uuid4())
    _tokens.add(token)
    return JSONResponse(
        {
            "access_token": token,
            "token_type": "bearer",
            "expires_in": 15551999,
            "scope": "tasks:read tasks:write",
        }
    )


async def _projects(request: Request) -> Response:
    if request.headers.get("authorization", "").removeprefix("Bearer ") not in _tokens:
        return Response(status_code=401)
    return JSONResponse(_PROJECTS)


app = Starlette(
    routes=[
        Route("/", _home),
        Route("/oauth/authorize", _authorize, methods=["GET"]),
        Route("/oauth/authorize", _approve, methods=["POST"]),
        Route("/oauth/token", _token, methods=["POST"]),
        Route("/open/v1/project", _projects, methods=["GET"]),
    ]
)

if __name__ == "__main__":
    uvicorn.run(
        app,
        port=int(sys.argv[1]),
        loop="asyncio",
        http="httptools",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        date_header=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=60,
    )
