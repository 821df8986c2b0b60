"""Connected apps: OAuth providers are listed, added, edited and deleted by hand.

The live dashboard's own check of the reserved id prefix ``arcade`` is not imitated, since
the pre-built tools ask for such an id and the API takes it.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from ticktick_sandbox.arcade.config import provider_bodies
from ticktick_sandbox.arcade.config.provider_bodies import ProviderRefused
from ticktick_sandbox.arcade.dashboard.pages import get_or_404, own_form, render_page
from ticktick_sandbox.arcade.dashboard.provider_form import (
    BLANK,
    FIELDS,
    Fields,
    body_of,
    choices,
    fields_of,
    typed,
)
from ticktick_sandbox.arcade.engine.engine import engine_of
from ticktick_sandbox.arcade.oauth.provider import Provider
from ticktick_sandbox.shared.settings import PROVIDER_ID
from ticktick_sandbox.shared.types import Json

_LIST = "/dashboard/connected-apps"


async def _list(request: Request) -> Response:
    every = engine_of(request).providers.all()
    search = request.query_params.get("search", "").strip()
    found = [p for p in every if search.lower() in f"{p.id}\n{p.description}".lower()]
    return render_page(
        request, "connected_apps.html", providers=found, number=len(every), search=search
    )


async def _new(request: Request) -> Response:
    return _form_page(request, fields_of(BLANK), BLANK)


async def _create(request: Request) -> Response:
    form = await own_form(request)
    fields = typed(form, BLANK)
    try:
        provider = provider_bodies.create(engine_of(request), body_of(fields, BLANK))
    except ProviderRefused as refusal:
        return _form_page(request, fields, BLANK, refusal=refusal)
    return RedirectResponse(f"{_LIST}/provider/{provider.id}?done=Created", status_code=303)


async def _edit(request: Request) -> Response:
    provider = _provider(request)
    before = provider_bodies.to_body(provider)
    return _form_page(request, fields_of(before), before, provider)


async def _save(request: Request) -> Response:
    form = await own_form(request)
    provider = _provider(request)
    before = provider_bodies.to_body(provider)
    fields = typed(form, before)
    try:
        provider_bodies.change(engine_of(request), provider, body_of(fields, before))
    except ProviderRefused as refusal:
        return _form_page(request, fields, before, provider, refusal)
    return RedirectResponse(f"{_LIST}/provider/{provider.id}?done=Saved", status_code=303)


async def _ask_to_delete(request: Request) -> Response:
    return render_page(request, "delete_provider.html", provider=_provider(request))


async def _delete(request: Request) -> Response:
    await own_form(request)
    engine_of(request).remove(_provider(request))
    return RedirectResponse(_LIST, status_code=303)


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
    return render_page(
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


def _provider(request: Request) -> Provider:
    found = engine_of(request).providers.get(request.path_params["id"])
    return get_or_404(found, "provider", "Connected Apps")


routes = [
    Route(_LIST, _list, methods=["GET"]),
    Route(f"{_LIST}/new", _new, methods=["GET"]),
    Route(f"{_LIST}/new", _create, methods=["POST"]),
    Route(f"{_LIST}/provider/{{id}}", _edit, methods=["GET"]),
    Route(f"{_LIST}/provider/{{id}}", _save, methods=["POST"]),
    Route(f"{_LIST}/provider/{{id}}/delete", _ask_to_delete, methods=["GET"]),
    Route(f"{_LIST}/provider/{{id}}/delete", _delete, methods=["POST"]),
]
