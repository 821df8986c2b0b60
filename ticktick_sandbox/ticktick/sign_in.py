"""Pages to sign in and to sign up, and the form to sign out."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from ticktick_sandbox.shared.pages import form_of
from ticktick_sandbox.shared.settings import PASSWORD
from ticktick_sandbox.ticktick.accounts import SignUpRefused
from ticktick_sandbox.ticktick.service import (
    SESSION_COOKIE,
    check_form,
    render_page,
    service_of,
    with_session,
)


def _own_path(dest: str | None) -> str:
    """Return ``dest`` if it is a path of this server, else the portal: no open redirect."""
    if dest and dest.startswith("/") and not dest.startswith(("//", "/\\")):
        return dest
    return "/manage"


def _enter(session: str, dest: str) -> Response:
    response = RedirectResponse(with_session(dest, session), status_code=302)
    response.set_cookie(SESSION_COOKIE, session, httponly=True, samesite="lax")
    return response


def _page(request: Request, template: str, *, status: int = 200, **values: Any) -> Response:
    """Return a page whose form belongs to the page itself, for there is no session yet."""
    service = service_of(request)
    token = service.form_token(request.url.path)
    values |= {"form_token": token, "offered": service.offered}
    return render_page(request, template, status=status, **values)


async def sign_in(request: Request) -> Response:
    """Show and take the sign-in form."""
    if request.method == "GET":
        dest = _own_path(request.query_params.get("dest"))
        return _page(
            request, "sign_in.html", dest=dest, email=service_of(request).offered, password=PASSWORD
        )
    form = await form_of(request)
    check_form(request, form, request.url.path)
    dest = _own_path(form.get("dest"))
    session = service_of(request).accounts.sign_in(form.get("email", ""), form.get("password", ""))
    if session is None:
        return _page(
            request,
            "sign_in.html",
            status=401,
            dest=dest,
            email=form.get("email", ""),
            password="",
            error="The e-mail address or the password is wrong. Check both, or sign up.",
        )
    return _enter(session, dest)


async def sign_up(request: Request) -> Response:
    """Show and take the sign-up form."""
    if request.method == "GET":
        dest = _own_path(request.query_params.get("dest"))
        return _page(request, "sign_up.html", dest=dest, name="", email="")
    form = await form_of(request)
    check_form(request, form, request.url.path)
    dest = _own_path(form.get("dest"))
    ticktick = service_of(request)
    try:
        account = ticktick.sign_up(
            form.get("email", ""), form.get("password", ""), form.get("name", "")
        )
    except SignUpRefused as refusal:
        return _page(
            request,
            "sign_up.html",
            status=400,
            dest=dest,
            name=form.get("name", ""),
            email=form.get("email", ""),
            error=str(refusal),
        )
    ticktick.note(f"{account.email} signed up")
    return _enter(ticktick.accounts.open_session(account), dest)


async def sign_out(request: Request) -> Response:
    """End the session of the form that was sent, and lead to the sign-in page."""
    form = await form_of(request)
    session = form.get("session", "")
    check_form(request, form, session)
    service_of(request).accounts.close_session(session)
    response = RedirectResponse("/signin", status_code=303)
    response.delete_cookie(SESSION_COOKIE, httponly=True, samesite="lax")
    return response


routes = [
    Route("/signin", sign_in, methods=["GET", "POST"]),
    Route("/signup", sign_up, methods=["GET", "POST"]),
    Route("/signout", sign_out, methods=["POST"]),
]
