"""HTML pages: rendering, forms, and the headers that keep them safe on this machine."""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

SHARED = Path(__file__).parent

PAGE_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; "
        "form-action 'self' http://localhost:* http://127.0.0.1:* https:; "
        "frame-ancestors 'self' http://127.0.0.1:* http://localhost:*"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


@cache
def _environment(folder: Path):
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader([folder, SHARED]),
        autoescape=True,
        auto_reload=False,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def render(folder: Path, template: str, /, *, status: int = 200, **values: object) -> HTMLResponse:
    """Return the page made from the template in ``folder`` or among the shared ones."""
    html = _environment(folder).get_template(template).render(values)
    return HTMLResponse(html, status_code=status, headers=PAGE_HEADERS)


async def form_of(request: Request) -> dict[str, str]:
    """Return the fields of a URL-encoded form; anything else has none."""
    content_type = request.headers.get("content-type", "")
    if content_type.partition(";")[0].strip().lower() != "application/x-www-form-urlencoded":
        return {}
    body = (await request.body()).decode("utf-8", "replace")
    return first_values(parse_qsl(body, keep_blank_values=True))


def first_values(parameters: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Return the parameters; one that is repeated has its first value, as with servlets."""
    return dict(reversed(parameters))


def is_own_form(request: Request, sent: str, token: str) -> bool:
    """Tell whether a form that came with the token ``sent`` is one of ours.

    Its token has to be ``token``, which no other site can read. Where one may fetch a token
    for oneself, as before signing in, that alone does not keep others from sending the form
    in a person's name; so the browser must not say that another site sent it. No cookie is
    needed, which a frame might lose.
    """
    by = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    if by is not None:
        ours = by in ("same-origin", "none")
    elif origin is not None:  # an old browser
        ours = origin in ("null", f"{request.url.scheme}://{request.url.netloc}")
    else:  # a program
        ours = True
    return ours and hmac.compare_digest(sent.encode(), token.encode())


async def stylesheet(request: Request) -> Response:
    """Serve the one stylesheet of all pages."""
    return Response((SHARED / "style.css").read_bytes(), media_type="text/css")
