"""What the pages of the dashboard have in common: their frame, their forms, their problems.

Every form carries the Engine's ``form_token``. No other site can read it, so none can
make a browser send such a form. It needs no cookie, which a frame might lose.
"""

from __future__ import annotations

from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

from ticktick_sandbox.arcade.engine.engine import engine_of
from ticktick_sandbox.shared.pages import form_of, is_own_form, render

_TEMPLATES = Path(__file__).parent.parent / "templates"


class PageError(Exception):
    """What is in the way of a page or form, and what the person can do about it."""

    def __init__(self, status: int, title: str, text: str, todo: str) -> None:
        super().__init__(text)
        self.status, self.title, self.text, self.todo = status, title, text, todo


def gone(what: str, listed: str) -> PageError:
    """Return what is in the way when a ``what`` is not there.

    Args:
        what: a provider, a server, or what else it is.
        listed: the page that lists them all.
    """
    return PageError(
        404,
        f"No such {what}",
        "It may have been deleted, or the sandbox was started anew.",
        f"Go to {listed} and see what is there.",
    )


def get_or_404[T](found: T | None, what: str, listed: str) -> T:
    """Return what was found. Raises ``PageError`` like ``gone`` says if that is nothing."""
    if found is None:
        raise gone(what, listed)
    return found


async def problem_page(request: Request, problem: Exception) -> Response:
    """Show a ``PageError`` that a route raised."""
    assert isinstance(problem, PageError)
    return render_page(request, "problem.html", status=problem.status, problem=problem)


def render_page(
    request: Request, template: str, *, status: int = 200, **values: object
) -> Response:
    """Return a page of the dashboard."""
    return render(
        _TEMPLATES,
        f"dashboard/{template}",
        status=status,
        path=request.url.path,
        **{"form_token": engine_of(request).form_token, "done": request.query_params.get("done")}
        | values,
    )


async def own_form(request: Request) -> dict[str, str]:
    """Return the form that was sent.

    Raises:
        PageError: it is not one of this dashboard's.
    """
    form = await form_of(request)
    if not is_own_form(request, form.get("form_token", ""), engine_of(request).form_token):
        raise PageError(
            403,
            "This form can't be accepted",
            "It was not made by this dashboard, or the sandbox was started anew since.",
            "Open the form anew, fill it in and send it again.",
        )
    return form
