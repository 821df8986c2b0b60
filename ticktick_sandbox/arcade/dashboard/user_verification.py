"""User verification: Arcade's own accounts, or a page of your app."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from ticktick_sandbox.arcade.dashboard.pages import own_form, render_page
from ticktick_sandbox.arcade.engine.engine import engine_of
from ticktick_sandbox.arcade.engine.verification import VerifierRefused

_PAGE = "/dashboard/user-verification"
_ARCADES, _CUSTOM = "arcade", "custom"


async def _show(request: Request) -> Response:
    url = engine_of(request).verification.verifier_url
    return _page(request, _CUSTOM if url else _ARCADES, url or "")


async def _save(request: Request) -> Response:
    form = await own_form(request)
    method, url = form.get("method", ""), form.get("verifier_url", "").strip()
    if method not in (_ARCADES, _CUSTOM):
        return _page(request, _ARCADES, url, "Verification Method is required.")
    if method == _CUSTOM and not url:
        return _page(request, method, url, "Custom verifier URL is required.")
    try:
        engine_of(request).verification.change(url if method == _CUSTOM else None, skip=False)
    except VerifierRefused as problem:
        text = str(problem).replace("verifier_url", "Custom verifier URL")
        return _page(request, method, url, f"{text}.")
    return RedirectResponse(f"{_PAGE}?done=Saved", status_code=303)


def _page(request: Request, method: str, url: str, error: str = "") -> Response:
    return render_page(
        request,
        "user_verification.html",
        status=400 if error else 200,
        method=method,
        url=url,
        error=error,
        skipped=engine_of(request).verification.skip,
    )


routes = [
    Route(_PAGE, _show, methods=["GET"]),
    Route(_PAGE, _save, methods=["POST"]),
]
