"""An Engine that answers what Arcade's would not."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse


async def ill(request: Request) -> JSONResponse:
    return JSONResponse({"healthy": "no"})
