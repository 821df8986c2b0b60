"""The dashboard at ``/dashboard``: providers are listed, added, edited and deleted by hand.

Where things stand is known from the published guide and from screenshots of the live
dashboard. Its own check of the reserved id prefix ``arcade`` is not imitated, since the
pre-built tools ask for such an id and the API takes it.

Every form carries the Engine's ``form_token``. No other site can read it, so none can
make a browser send such a form. It needs no cookie, which a frame might lose.
"""

from __future__ import annotations

import hmac
from pathlib import Path

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from sandbox.arcade import provider_admin
from sandbox.arcade.engine import engine_of
from sandbox.arcade.provider_admin import Json, ProviderRefused
from sandbox.arcade.provider_form import (
    BLANK,
    FIELDS,
    Fields,
    body_of,
    choices,
    fields_of,
    typed,
)
from sandbox.arcade.providers import Provider
from sandbox.pages import form_of, render
from sandbox.settings import PROVIDER_ID

TEMPLATES = Path(__file__).parent / "templates"

_LIST = "/dashboard/connected-apps"


class Problem(Exception):
    """What is in the way of a page or form, and what the person can do about it."""

    def __init__(self, status: int, title: str, text: str, todo: str) -> None:
        super().__init__(text)
        self.status, self.title, self.text, self.todo = status, title, text, todo


async def problem_page(request: Request, problem: Exception) -> Response:
    """Show a ``Problem`` that a route raised."""
    assert isinstance(problem, Problem)
    return _page(request, "problem.html", status=problem.status, problem=problem)


async def _start(request: Request) -> Response:
    return _page(request, "start.html", number=len(engine_of(request).providers.all()))


async def _list(request: Request) -> Response:
    return _page(request, "connected_apps.html", providers=engine_of(request).providers.all())


async def _new(request: Request) -> Response:
    return _form_page(request, fields_of(BLANK), BLANK)


async def _create(request: Request) -> Response:
    form = await _own_form(request)
    fields = typed(form, BLANK)
    try:
        provider = provider_admin.create(engine_of(request), body_of(fields, BLANK))
    except ProviderRefused as refusal:
        return _form_page(request, fields, BLANK, refusal=refusal)
    return RedirectResponse(f"{_LIST}/provider/{provider.id}?done=Created", status_code=303)


async def _edit(request: Request) -> Response:
    provider = _known(request)
    before = provider_admin.as_sent(provider)
    return _form_page(request, fields_of(before), before, provider)


async def _save(request: Request) -> Response:
    form = await _own_form(request)
    provider = _known(request)
    before = provider_admin.as_sent(provider)
    fields = typed(form, before)
    try:
        provider_admin.change(engine_of(request), provider, body_of(fields, before))
    except ProviderRefused as refusal:
        return _form_page(request, fields, before, provider, refusal)
    return RedirectResponse(f"{_LIST}/provider/{provider.id}?done=Saved", status_code=303)


async def _ask_to_delete(request: Request) -> Response:
    return _page(request, "delete_provider.html", provider=_known(request))


async def _delete(request: Request) -> Response:
    await _own_form(request)
    engine_of(request).remove(_known(request))
    return RedirectResponse(_LIST, status_code=303)


def _page(request: Request, template: str, *, status: int = 200, **values: object) -> Response:
    return render(
        TEMPLATES,
        f"dashboard/{template}",
        status=status,
        path=request.url.path,
        form_token=engine_of(request).form_token,
        **values,
    )


def _form_page(
    request: Request,
    fields: Fields,
    before: Json,
    provider: Provider | None = None,
    refusal: ProviderRefused | None = None,
) -> Response:
    """Return the form for a new provider, or for the one given; the secret is never in it."""
    wrong = next((name for name in FIELDS if refusal and FIELDS[name].path == refusal.field), "")
    done = request.query_params.get("done")
    return _page(
        request,
        "provider.html",
        status=400 if refusal else 200,
        fields=fields,
        labels={name: field.label for name, field in FIELDS.items()},
        provider=provider,
        redirect_url=provider and engine_of(request).authorizations.redirect_uri(provider),
        choices=choices(before),
        usual_id=PROVIDER_ID,
        wrong=wrong,
        error=_told(refusal) if refusal else "",
        done=done if done in ("Created", "Saved") and not refusal else "",
    )


def _told(refusal: ProviderRefused) -> str:
    """Return the refusal as a sentence that names the field by its label."""
    labels = {field.path: field.label for field in FIELDS.values()}
    label = labels.get(refusal.field, refusal.field)
    if refusal.rule == "required":
        return f"{label} is required."
    return f"{label}: {str(refusal).removesuffix('.')}."


async def _own_form(request: Request) -> dict[str, str]:
    """Return the form that was sent. Raises ``Problem`` if it is not one of the dashboard's."""
    form = await form_of(request)
    sent, own = form.get("form_token", ""), engine_of(request).form_token
    if not hmac.compare_digest(sent.encode(), own.encode()):
        raise Problem(
            403,
            "This form can't be accepted",
            "It was not made by this dashboard, or the sandbox was started anew since.",
            "Open the form anew, fill it in and send it again.",
        )
    return form


def _known(request: Request) -> Provider:
    provider = engine_of(request).providers.get(request.path_params["id"])
    if provider is None:
        raise Problem(
            404,
            "No such provider",
            "It may have been deleted, or the sandbox was started anew.",
            "Go to Connected Apps and choose one, or add it.",
        )
    return provider


routes = [
    Route("/dashboard", _start, methods=["GET"]),
    Route(_LIST, _list, methods=["GET"]),
    Route(f"{_LIST}/new", _new, methods=["GET"]),
    Route(f"{_LIST}/new", _create, methods=["POST"]),
    Route(f"{_LIST}/provider/{{id}}", _edit, methods=["GET"]),
    Route(f"{_LIST}/provider/{{id}}", _save, methods=["POST"]),
    Route(f"{_LIST}/provider/{{id}}/delete", _ask_to_delete, methods=["GET"]),
    Route(f"{_LIST}/provider/{{id}}/delete", _delete, methods=["POST"]),
]
