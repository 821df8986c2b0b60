"""What a person sees of their tasks: every list with its open tasks, to be read only.

The address is that of TickTick's web app; the page is the sandbox's own.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ticktick_sandbox.ticktick.service import (
    NotSignedIn,
    render_page,
    service_of,
    session_for_page,
)

_LISTS_SHOWN, _TASKS_SHOWN = 100, 200


async def lists(request: Request) -> Response:
    """Show the Inbox and the projects of the person who is signed in."""
    service = service_of(request)
    account = service.accounts.signed_in(session_for_page(request))
    if account is None:
        raise NotSignedIn(request.url.path)
    tasks = service.tasks_of(account)
    shown = [("Inbox", tasks.project_data("inbox")["tasks"])]
    for project in tasks.projects()[:_LISTS_SHOWN]:
        shown.append((project["name"], tasks.project_data(project["id"])["tasks"]))
    return render_page(
        request, "web_app.html", lists=[(name, found[:_TASKS_SHOWN]) for name, found in shown]
    )


routes = [Route("/webapp", lists)]
