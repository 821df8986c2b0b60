"""The Developer Portal at ``/manage``: register an app, edit it, save its redirect URL."""

from __future__ import annotations

from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from ticktick_sandbox.shared.pages import form_of
from ticktick_sandbox.ticktick.accounts import Account
from ticktick_sandbox.ticktick.apps import App, AppRefused, Icon
from ticktick_sandbox.ticktick.service import (
    NotSignedIn,
    check_form,
    render_page,
    service_of,
    session_for_page,
    with_session,
)

_ICON_TYPES = ("image/png", "image/jpeg", "image/gif", "image/webp")
_ICON_BYTES = 1_000_000


class NoSuchApp(Exception):
    """The account has no app of this id."""


def _visitor(request: Request, session: str | None = None, back: str | None = None) -> Account:
    """Return who is signed in, by ``session`` or as the page was asked for.

    Raises:
        NotSignedIn: nobody; signing in leads to ``back``, or else to the page itself.
    """
    session = session_for_page(request) if session is None else session
    account = service_of(request).accounts.signed_in(session)
    if account is None:
        raise NotSignedIn(back or request.url.path)
    return account


def _own_app(request: Request, account: Account) -> App:
    """Return the app that the path names. Raises ``NoSuchApp`` if it is not the account's."""
    app = service_of(request).apps.get(request.path_params["client_id"])
    if app is None or app.owner_id != account.user_id:
        raise NoSuchApp
    return app


async def no_such_app(request: Request, error: Exception) -> Response:
    """Say that there is no such app, and what to do."""
    return render_page(request, "no_such_app.html", status=404)


async def _list(request: Request) -> Response:
    apps = service_of(request).apps.owned_by(_visitor(request).user_id)
    return render_page(request, "apps.html", apps=apps)


async def _new(request: Request) -> Response:
    _visitor(request)
    return render_page(request, "new_app.html", name="", service_url="", description="")


async def _add(request: Request) -> Response:
    ticktick = service_of(request)
    form = await form_of(request)
    session = form.get("session", "")
    check_form(request, form, session)
    account = _visitor(request, session)
    fields = {name: form.get(name, "") for name in ("name", "service_url", "description")}
    try:
        app = ticktick.apps.create(account.user_id, *fields.values())
    except AppRefused as refusal:
        shown = fields | {"error": str(refusal)}
        return render_page(request, "new_app.html", status=400, session=session, **shown)
    ticktick.note(f"{account.email} registered the app {app.name}")
    return RedirectResponse(with_session("/manage", session), status_code=303)


async def _edit(request: Request) -> Response:
    app = _own_app(request, _visitor(request))
    return render_page(request, "edit_app.html", app=app, saved="saved" in request.query_params)


async def _save(request: Request) -> Response:
    ticktick = service_of(request)
    if "charset" in request.headers.get("content-type", ""):  # browsers name none
        raise HTTPException(415, "The form must be UTF-8, and its Content-Type without a charset.")
    async with request.form(max_files=1, max_fields=20) as form:
        session = _text(form, "session")
        check_form(request, {"form_token": _text(form, "form_token")}, session)
        account = _visitor(request, session)
        app = _own_app(request, account)
        fields = {
            name: _text(form, name)
            for name in ("name", "service_url", "description", "redirect_url")
        }
        try:
            app = ticktick.apps.save(app, icon=await _icon(form), **fields)
        except AppRefused as refusal:
            shown = {"app": app, "typed": fields, "error": str(refusal), "saved": False}
            return render_page(request, "edit_app.html", status=400, session=session, **shown)
    ticktick.note(f"{account.email} saved {app.name}; redirect URL: {app.redirect_url or 'none'}")
    back = with_session(f"{request.url.path}?saved=1", session)
    return RedirectResponse(back, status_code=303)


async def _reset(request: Request) -> Response:
    account, app, session = await _asked(request)
    ticktick = service_of(request)
    ticktick.apps.reset_secret(app)
    ticktick.note(f"{account.email} reset the Client Secret of {app.name}")
    back = with_session(f"/manage/app/{app.client_id}", session)
    return RedirectResponse(back, status_code=303)


async def _delete(request: Request) -> Response:
    account, app, session = await _asked(request)
    ticktick = service_of(request)
    ticktick.apps.delete(app)
    ticktick.grants.forget_app(app.client_id)
    ticktick.note(f"{account.email} deleted the app {app.name}")
    return RedirectResponse(with_session("/manage", session), status_code=303)


async def _asked(request: Request) -> tuple[Account, App, str]:
    """Return who sent a form about which app, with the session."""
    form = await form_of(request)
    session = form.get("session", "")
    check_form(request, form, session)
    account = _visitor(request, session, "/manage")
    return account, _own_app(request, account), session


async def _show_icon(request: Request) -> Response:
    account = service_of(request).accounts.signed_in(session_for_page(request))
    if account is None or (icon := _own_app(request, account).icon) is None:
        raise NoSuchApp
    headers = {"X-Content-Type-Options": "nosniff"}
    return Response(icon.content, media_type=icon.content_type, headers=headers)


def _text(form: FormData, name: str) -> str:
    value = form.get(name, "")
    return value if isinstance(value, str) else ""


async def _icon(form: FormData) -> Icon | None:
    upload = form.get("icon")
    if not isinstance(upload, UploadFile) or not upload.filename:
        return None
    if upload.content_type not in _ICON_TYPES:
        raise AppRefused("App Icon: choose a PNG, JPEG, GIF or WebP picture.")
    content = await upload.read(_ICON_BYTES + 1)
    if len(content) > _ICON_BYTES:
        raise AppRefused("App Icon: the picture is larger than 1 MB. Choose a smaller one.")
    return Icon(content, upload.content_type)


routes = [
    Route("/manage", _list, methods=["GET"]),
    Route("/manage/new", _new, methods=["GET"]),
    Route("/manage/new", _add, methods=["POST"]),
    Route("/manage/app/{client_id}", _edit, methods=["GET"]),
    Route("/manage/app/{client_id}", _save, methods=["POST"]),
    Route("/manage/app/{client_id}/reset", _reset, methods=["POST"]),
    Route("/manage/app/{client_id}/delete", _delete, methods=["POST"]),
    Route("/manage/app/{client_id}/icon", _show_icon, methods=["GET"]),
]
