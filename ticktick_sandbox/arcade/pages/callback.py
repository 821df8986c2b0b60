"""What a person's browser passes through after consent: callback, verification, the end.

The chain is the one measured of Arcade Cloud; the words on the pages are not known and
are ours. The Arcade account that verifies is the sandbox's own, silently if it is the
user the flow was started for; with a custom verifier the browser goes there instead.
"""

from __future__ import annotations

from pathlib import Path

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from ticktick_sandbox.arcade.engine.authorizations import (
    Flow,
    NotAwaitingVerification,
    UserMismatch,
)
from ticktick_sandbox.arcade.engine.engine import engine_of
from ticktick_sandbox.shared.pages import form_of, is_own_form, render, stylesheet
from ticktick_sandbox.shared.settings import ARCADE_ACCOUNT

TEMPLATES = Path(__file__).parent.parent / "templates"


def _problem(title: str, text: str, todo: str, *, status: int = 400, again: str = "") -> Response:
    values = {"title": title, "text": text, "todo": todo, "again": again}
    return render(TEMPLATES, "problem.html", status=status, **values)


def _not_waiting() -> Response:
    return _problem(
        "This authorization is not waiting for you",
        "It is unknown here, already finished, or the sandbox was started anew.",
        "Start it again from your program and open the new link.",
    )


async def _callback(request: Request) -> Response:
    engine = engine_of(request)
    provider = engine.providers.by_external_id(request.path_params["external_id"])
    if provider is None:
        return _problem(
            "No provider has this redirect URI",
            "It was deleted, or created anew: then it has another redirect URI.",
            "Copy the provider's current redirect URI into the app's settings and save them.",
            status=404,
        )
    sent = request.query_params
    flow = engine.authorizations.flow(sent.get("state"))
    if flow is None or flow.provider.external_id != provider.external_id:
        return _not_waiting()
    if flow.connection:
        return RedirectResponse(engine.authorizations.success_url, status_code=303)
    if "error" in sent:
        reason = ", ".join(sent[key] for key in ("error", "error_description") if key in sent)
        engine.authorizations.denied(flow, f"the provider refused: {reason}")
        if sent["error"] == "access_denied":
            return _problem(
                "You did not allow access",
                f"The provider said: {reason}.",
                "The authorization stays pending, so you can still decide otherwise.",
                again=flow.url,
            )
        return _problem(
            "The provider refused the request",
            f"It said: {reason}.",
            "Opening the link again does not help. Correct the request, and start anew.",
        )
    if not sent.get("code"):
        return _problem(
            "The provider sent no code",
            "A callback carries a code or an error, and this one has neither.",
            "Open the authorization's link again.",
        )
    engine.authorizations.returned(flow, sent["code"])
    engine.verification.note_callback(flow.auth_id, flow.user_id)
    if engine.verification.skip:
        flow = await engine.authorizations.confirm(flow.flow_id, flow.user_id)
        return RedirectResponse(engine.authorizations.end_of(flow), status_code=303)
    return RedirectResponse(engine.verification.url(flow.flow_id), status_code=303)


async def _verify(request: Request) -> Response:
    engine = engine_of(request)
    if not engine.verification.is_arcades:
        return _problem(
            "Arcade does not verify this user",
            "A custom verifier does, or nobody, by the settings of this Engine.",
            "Start the authorization again from your program and open the new link.",
            status=404,
        )
    if request.method == "GET":
        flow_id = request.query_params.get("flow_id")
        account = request.cookies.get(ARCADE_ACCOUNT, engine.settings.account)
    else:
        form = await form_of(request)
        if not is_own_form(request, form.get("form_token", ""), engine.form_token):
            return _problem(
                "This form can't be accepted",
                "It was not made by this page, or the sandbox was started anew since.",
                "Open the authorization's link again.",
                status=403,
            )
        flow_id, account = form.get("flow_id"), form.get("account", "").strip()
    try:
        flow = engine.authorizations.awaiting_verification(flow_id)
        if request.method == "GET" and flow.user_id != account:
            return _ask_who(request, flow, account)
        flow = await engine.authorizations.confirm(flow.flow_id, account)
    except NotAwaitingVerification:
        return _not_waiting()
    except UserMismatch:
        flow = engine.authorizations.awaiting_verification(flow_id)
        error = f"user_mismatch: {account or 'nobody'} is not {flow.user_id}."
        return _ask_who(request, flow, account, error)
    return RedirectResponse(engine.authorizations.end_of(flow), status_code=303)


def _ask_who(request: Request, flow: Flow, account: str, error: str | None = None) -> Response:
    return render(
        TEMPLATES,
        "verify.html",
        status=400 if error else 200,
        form_token=engine_of(request).form_token,
        flow=flow,
        account=account,
        error=error,
    )


async def _success(request: Request) -> Response:
    flow = engine_of(request).authorizations.flow(request.query_params.get("flow_id"))
    return render(TEMPLATES, "success.html", problem=flow.problem if flow else None)


routes = [
    Route("/api/v1/oauth/callback_verify", _verify, methods=["GET", "POST"]),
    Route("/api/v1/oauth/callback_success", _success, methods=["GET"]),
    Route("/api/v1/oauth/{external_id}/callback", _callback, methods=["GET"]),
    Route("/_sandbox/style.css", stylesheet),
]
